CREATE TABLE documents (
    id         TEXT PRIMARY KEY,
    owner_id   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title      TEXT NOT NULL,
    bytes      BIGINT NOT NULL,
    body       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('indexing', 'indexed', 'failed')),
    created_at BIGINT NOT NULL
);

CREATE INDEX documents_in_order ON documents (created_at, id);

-- A row for each passage of a document.
CREATE VIRTUAL TABLE passages USING fts5 (document_id UNINDEXED, body, tokenize = 'unicode61 remove_diacritics 2');
