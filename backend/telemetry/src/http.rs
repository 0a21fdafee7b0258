//! HTTP, the server's side: one SERVER span for each exchange of an axum router, and the metrics of them all.

mod address;
mod body;
mod clip;
mod described;
mod end;
mod forwarded;
mod headers;
mod hooks;
mod layer;
pub(crate) mod message;
mod methods;
mod metrics;
mod patterns;
mod route;
mod running;
mod settings;
mod span;
mod tracer;

pub(crate) use self::{
    clip::clip,
    end::InExchange,
    layer::TracingLayer,
    methods::KnownMethods,
    route::ExcludedPaths,
    settings::{HttpVariables, Rules},
    tracer::ExchangeTracer,
};
pub use self::{
    end::ErrorType,
    forwarded::{ForwardingHeaders, TrustedProxies},
    settings::{HttpSettings, InvalidHttpSetting},
};
