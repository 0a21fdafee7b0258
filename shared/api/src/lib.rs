#![doc = include_str!("../README.md")]

mod auth;
mod documents;
mod problem;
mod users;

pub use auth::{
    MAX_EMAIL_BYTES, MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, PasswordChange, Session, SignIn,
};
pub use documents::{
    Document, DocumentPage, DocumentState, Found, Hit, MAX_DOCUMENT_BYTES, MAX_DOCUMENTS_PER_PAGE,
    MAX_SEARCH_BYTES, MAX_TITLE_CHARS, Search,
};
pub use problem::{PROBLEM_JSON, Problem, SESSION_EXPIRED};
pub use users::{MAX_USERS_PER_PAGE, NewUser, Role, User, UserPage};

/// Where each endpoint lives.
pub mod paths {
    /// Signs a person in: `POST`.
    pub const SIGN_IN: &str = "/api/v1/auth/signin";
    /// Signs a person out: `POST`.
    pub const SIGN_OUT: &str = "/api/v1/auth/signout";
    /// Exchanges the refresh cookie for new cookies: `POST`.
    pub const REFRESH: &str = "/api/v1/auth/refresh";
    /// Who is signed in: `GET`.
    pub const ME: &str = "/api/v1/auth/me";
    /// Changes one's own password: `POST`.
    pub const PASSWORD: &str = "/api/v1/auth/password";
    /// Sends the browser to the provider to sign in with: `GET`.
    pub const PROVIDER_START: &str = "/api/v1/auth/oidc/start";
    /// Where the provider sends the browser back to: `GET`.
    pub const PROVIDER_CALLBACK: &str = "/api/v1/auth/oidc/callback";
    /// The query of the page that a browser is sent to which the provider did not sign in.
    pub const PROVIDER_FAILED: &str = "?sign-in=failed";
    /// Lists users: `GET`, with `?limit=` and `?after=`. Adds one: `POST`. For administrators.
    pub const USERS: &str = "/api/v1/users";
    /// Lists documents: `GET`, with `?after=`. Uploads one: `POST` of a form with a `file`.
    pub const DOCUMENTS: &str = "/api/v1/documents";
    /// Searches in documents: `POST`.
    pub const SEARCH: &str = "/api/v1/documents/search";
}
