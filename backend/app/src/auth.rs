//! Signing in and staying signed in: a pair of opaque tokens in cookies, backed by a row of `refresh_tokens`.

mod authenticate;
pub(crate) mod change_password;
mod cookies;
mod current;
mod limit;
pub(crate) mod me;
pub(crate) mod oidc;
mod password;
pub(crate) mod refresh;
mod sessions;
pub(crate) mod signin;
pub(crate) mod signout;
mod tokens;

pub(crate) use cookies::CookieStyle;
pub(crate) use current::{Admin, CurrentUser};
pub(crate) use limit::Limiter;
pub(crate) use password::{Password, Passwords};
pub(crate) use sessions::{count_active, forget_expired};
pub use tokens::Secret;
pub(crate) use tokens::random_id;
