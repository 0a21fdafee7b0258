//! HTTP, the server's side: one SERVER span for each exchange of an axum router, and the metrics of them all.

mod address;
mod clip;
mod described;
mod end;
mod forwarded;
mod headers;
mod hooks;
mod invalid;
mod layer;
pub(crate) mod message;
mod methods;
mod metrics;
mod patterns;
mod request_body;
mod response_body;
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
    invalid::InvalidHttpSetting,
    settings::HttpSettings,
};
