//! Documents: what is searched.

use serde::{Deserialize, Serialize};

/// The largest document, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;
/// The longest title, in characters. A longer file name is cut.
pub const MAX_TITLE_CHARS: usize = 200;
/// The longest text to search for, in bytes.
pub const MAX_SEARCH_BYTES: usize = 256;
/// What one answer holds at most: documents, or hits of a search.
pub const MAX_DOCUMENTS_PER_PAGE: u32 = 50;

/// A text that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Document {
    /// Opaque and permanent.
    pub id: String,
    /// The name of its file.
    pub title: String,
    /// Its length.
    pub bytes: u64,
    /// Whether a search finds it.
    pub state: DocumentState,
    /// When it was uploaded, in seconds since 1970.
    pub created_at: i64,
}

/// Whether a search finds a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum DocumentState {
    /// Not yet.
    Indexing,
    /// It does.
    Indexed,
    /// It could not be indexed: upload it again.
    Failed,
}

/// Some of the documents, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DocumentPage {
    /// At most [`MAX_DOCUMENTS_PER_PAGE`].
    pub documents: Vec<Document>,
    /// What to ask for as `after` to get those that follow. `None`: there are no more.
    pub next: Option<String>,
}

/// What is looked for. In a body and not in the address, which is written into logs and traces.
#[derive(Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Search {
    /// Words, all of which a passage has to hold. At most [`MAX_SEARCH_BYTES`].
    pub query: String,
}

/// What was found, the best first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Found {
    /// At most [`MAX_DOCUMENTS_PER_PAGE`]. A document may be here several times.
    pub hits: Vec<Hit>,
}

/// A passage of a document.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hit {
    /// The document.
    pub document_id: String,
    /// Its title.
    pub title: String,
    /// Some words around those that were looked for.
    pub passage: String,
}

// === impl DocumentState ===

impl DocumentState {
    /// The name that the API and the database use.
    pub fn as_str(self) -> &'static str {
        match self {
            DocumentState::Indexing => "indexing",
            DocumentState::Indexed => "indexed",
            DocumentState::Failed => "failed",
        }
    }
}

// === impl Search ===

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").finish_non_exhaustive()
    }
}
