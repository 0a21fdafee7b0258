//! OpenTelemetry for the browser, in WebAssembly.
