//! RAG Admin in axum.
