//! The suite `api` once more, on PostgreSQL: a server for all, with a database for each test.

#[path = "api/main.rs"]
mod api;

/// As the cases name them.
use api::{authority, documented, npm, provider, support, trace};
