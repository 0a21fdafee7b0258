//! The people who have an account.

mod add;
pub(crate) mod create;
mod demo;
mod email;
pub(crate) mod list;
pub(crate) mod one;
mod queries;

pub use add::add;
pub(crate) use demo::ensure_demo_user;
pub(crate) use email::Email;
pub(crate) use queries::{
    find_by_email, find_by_id, insert, page, password_hash, set_password_hash,
};
