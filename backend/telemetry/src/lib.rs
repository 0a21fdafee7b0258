//! OpenTelemetry instrumentation for axum, sqlx and reqwest servers.
