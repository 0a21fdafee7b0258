//! Spans and metrics of queries: the same cases against SQLite and PostgreSQL.

mod any;
mod checked;
mod metrics;
mod outage;
mod postgres;
mod sqlite;
#[path = "../support/mod.rs"]
mod support;
