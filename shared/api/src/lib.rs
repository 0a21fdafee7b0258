#![doc = include_str!("../README.md")]

mod auth;
mod problem;

pub use auth::{MAX_EMAIL_BYTES, MAX_PASSWORD_BYTES, Role, Session, SignIn, User};
pub use problem::{PROBLEM_JSON, Problem, SESSION_EXPIRED};

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
}
