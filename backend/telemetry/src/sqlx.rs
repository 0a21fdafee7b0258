//! SQL: a CLIENT span for each query that runs on a traced sqlx pool, of SQLite or PostgreSQL, and its metrics.

mod connection;
mod described;
mod detached;
mod error;
mod metrics;
mod name;
mod pool;
mod queries;
mod query;
mod run;
mod statement;
mod system;
mod transaction;
mod untraced;

pub use self::{
    connection::{TracedConnection, TracedPoolConnection},
    pool::{TracedPool, trace},
    system::System,
    transaction::TracedTransaction,
    untraced::Untraced,
};
