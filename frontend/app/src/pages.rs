//! One page, one file.

mod account;
mod documents;
mod home;
mod not_found;
mod sign_in;
mod users;

pub(crate) use account::Account;
pub(crate) use documents::Documents;
pub(crate) use home::Home;
pub(crate) use not_found::NotFound;
pub(crate) use sign_in::SignIn;
pub(crate) use users::Users;
