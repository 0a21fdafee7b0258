//! Waiting for a thing to become true, for so long and no longer.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Tries until `attempt` succeeds, and gives its value. An error of it means "not yet"; past `limit` the last one is the
/// reason in the error of this function.
pub async fn until<T>(
    what: &str,
    limit: Duration,
    mut attempt: impl AsyncFnMut() -> Result<T>,
) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        match attempt().await {
            Ok(value) => return Ok(value),
            Err(not_yet) if Instant::now() > deadline => {
                return Err(not_yet).with_context(|| format!("waited {limit:?} for {what}"));
            }
            Err(_) => tokio::time::sleep(BETWEEN_TRIES).await,
        }
    }
}
