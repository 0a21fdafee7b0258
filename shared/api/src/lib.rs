//! The request and response types of RAG Admin.
