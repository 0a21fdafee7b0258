//! The people who have an account.

mod add;
mod demo;
mod email;
mod queries;

pub use add::add;
pub(crate) use demo::ensure_demo_user;
pub(crate) use email::Email;
pub(crate) use queries::{find_by_email, find_by_id, insert};
