//! What pages share.

mod brand;
mod facts;
mod field;
mod heading;
mod outcome;
mod paged;
mod shell;
mod submit;
mod task;
mod traces;

pub(crate) use brand::Brand;
pub(crate) use facts::Facts;
pub(crate) use field::{Field, value};
pub(crate) use heading::Heading;
pub(crate) use outcome::Outcome;
pub(crate) use paged::{Listed, More, Paged};
pub(crate) use shell::Shell;
pub(crate) use submit::Submit;
pub(crate) use task::Task;
