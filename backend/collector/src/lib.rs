//! The embedded OTLP collector, trace store and viewer.
