//! SQL: a CLIENT span for each query that runs on a traced sqlx pool.

mod executor;
mod pool;
mod query;
mod statement;

pub use self::{
    executor::TracedConnection,
    pool::{TracedPool, trace},
};
