//! What [`Builder::install`] does, in its order.

use std::cell::Cell;
use std::mem::take;

use opentelemetry::global;
use wasm_bindgen::JsCast;

use super::Builder;
#[cfg(any(feature = "fetch", feature = "xhr"))]
use crate::export::Signal;
use crate::export::{self, Transport};
use crate::tracer::TracerProvider;
use crate::{lifecycle, limits, page, resource, sampler};

thread_local! {
    static IS_DONE: Cell<bool> = const { Cell::new(false) };
}

/// Sets everything up, or tells why not.
pub(super) fn run(mut builder: Builder) -> Result<(), &'static str> {
    let Some(window) = page::window() else {
        return Err("there is no window");
    };
    if IS_DONE.replace(true) {
        return Err("install() was called twice");
    }
    let fetch = page::property(&window, "fetch");
    if !fetch.is_function() {
        return Err("there is no fetch");
    }
    #[cfg(feature = "config")]
    crate::config::read(&mut builder.config);
    let config = &mut builder.config;
    let Some(endpoint) = collector(config.endpoint.as_deref()) else {
        return Err("the endpoint is no address");
    };
    if !config.is_enabled {
        lifecycle::disable();
    }
    sampler::set(config.sampler);
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    let rules = {
        let mut rules = take(&mut config.rules);
        // Requests to these are our own.
        for signal in &Signal::ALL {
            let address = signal.address(&endpoint);
            rules.push((crate::http::Propagation::Untraced, address));
        }
        crate::http::Rules::new(rules)
    };
    let resource = resource::encode(config, &builder.resource);
    limits::set(config.limits);
    let pipeline = config.pipeline();
    let transport = Transport {
        fetch: fetch.unchecked_into(),
        endpoint,
        headers: take(&mut config.headers),
        credentials: config.credentials,
        timeout: pipeline.export_timeout,
    };
    export::install(pipeline, transport, resource);
    #[cfg(feature = "offline")]
    export::offline::install(&window, builder.max_stored_bytes);
    global::set_tracer_provider(TracerProvider);
    #[cfg(feature = "propagator")]
    global::set_text_map_propagator(throughline_core::w3c::W3cPropagator::new());
    #[cfg(feature = "leptos")]
    crate::context::install();
    // The order of these is that of their listeners, where they listen to the same.
    #[cfg(feature = "session")]
    crate::session::install(&window, config.session);
    #[cfg(feature = "interaction")]
    if builder.interaction {
        crate::interaction::install(&window, builder.interaction_settings);
    }
    #[cfg(feature = "fetch")]
    if builder.fetch {
        crate::fetch::install(&window, rules);
    }
    #[cfg(feature = "xhr")]
    if builder.xhr {
        crate::xhr::install(&window, rules);
    }
    #[cfg(feature = "errors")]
    if builder.errors {
        crate::errors::install(&window, builder.max_errors);
    }
    #[cfg(feature = "metrics")]
    crate::metrics::install(builder.metric_interval);
    lifecycle::install(&window);
    #[cfg(feature = "navigation")]
    if builder.navigation {
        crate::navigation::install();
    }
    #[cfg(feature = "document-load")]
    if builder.document_load {
        crate::document::install();
    }
    #[cfg(feature = "web-vitals")]
    if builder.web_vitals {
        crate::vitals::install();
    }
    #[cfg(feature = "long-animation-frames")]
    if builder.long_animation_frames {
        crate::frames::install();
    }
    Ok(())
}

/// The absolute address of the collector, without a slash at its end: the page's origin, unless another is given. `None`
/// if it is none that requests can go to.
fn collector(endpoint: Option<&str>) -> Option<String> {
    let Some(endpoint) = endpoint.filter(|it| !it.is_empty()) else {
        return page::location("origin");
    };
    let mut address = page::text(&page::resolved(endpoint)?, "href")?;
    if address.ends_with('/') {
        address.pop();
    }
    Some(address)
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    use super::*;

    wasm_bindgen_test_configure!(run_in_browser);

    #[wasm_bindgen_test]
    fn the_collector_is_where_the_endpoint_says_else_in_the_origin_of_the_page() {
        let origin = page::location("origin").unwrap();
        assert_eq!(collector(None), Some(origin.clone()));
        for endpoint in ["", "/"] {
            assert_eq!(
                collector(Some(endpoint)),
                Some(origin.clone()),
                "{endpoint:?}"
            );
        }
        assert_eq!(collector(Some("/otlp/")), Some(origin + "/otlp"));
        let other = "http://127.0.0.1:4318";
        assert_eq!(collector(Some(other)).as_deref(), Some(other));
        assert_eq!(collector(Some("http://")), None);
    }
}
