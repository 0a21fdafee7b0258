//! The query API of the viewer: `/telemetry/api/…`.

mod problem;
mod trace;
mod traces;

use axum::{Router, routing::get};

use crate::store::Store;
pub(crate) use problem::Problem;

/// The routes, relative to `/telemetry/api`.
pub(crate) fn router(store: Store) -> Router {
    Router::new()
        .route("/traces", get(traces::list))
        .route("/traces/{trace_id}", get(trace::read))
        .fallback(async || Problem::not_found("there is nothing at this address"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .with_state(store)
}
