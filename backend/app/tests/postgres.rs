//! The suite `api` once more, on PostgreSQL: a server for all, with a database for each test. And what happens to
//! servers only.

#[path = "api/main.rs"]
mod api;
#[path = "postgres/outage.rs"]
mod outage;

/// As the cases name them.
use api::{authority, documented, npm, provider, support, trace};
