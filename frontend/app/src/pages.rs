//! One page, one file.

mod brand;
mod home;
mod sign_in;

pub(crate) use home::Home;
pub(crate) use sign_in::SignIn;
