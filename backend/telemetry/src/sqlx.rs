//! SQL: a CLIENT span for each query that runs on a traced sqlx pool.

mod detached;
mod executor;
mod pool;
mod query;
mod statement;
mod transaction;

pub use self::{
    executor::TracedConnection,
    pool::{TracedPool, trace},
    transaction::TracedTransaction,
};
