//! RAG Admin in Leptos.
