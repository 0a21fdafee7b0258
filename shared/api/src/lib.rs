#![doc = include_str!("../README.md")]

mod auth;
mod problem;
mod users;

pub use auth::{
    MAX_EMAIL_BYTES, MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, PasswordChange, Session, SignIn,
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
    /// Lists users: `GET`, with `?limit=` and `?after=`. Adds one: `POST`. For administrators.
    pub const USERS: &str = "/api/v1/users";
}
