//! HTTP, the server's side: one SERVER span for each exchange of an axum router.

mod address;
mod body;
mod clip;
mod layer;
mod route;
mod span;
mod tracer;

pub(crate) use self::{
    clip::clip, layer::TracingLayer, route::ExcludedPaths, tracer::ExchangeTracer,
};
