//! Documents: uploaded, indexed in the background, searched.

mod index;
pub(crate) mod list;
pub(crate) mod one;
mod passages;
mod queries;
pub(crate) mod search;
pub(crate) mod upload;

pub(crate) use index::Indexer;
