-- All that the migrations of SQLite up to this number make. Times are Unix seconds.
CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE, -- trimmed, in lower case
    password_hash TEXT NOT NULL,        -- bcrypt; empty for an account without a password
    role          TEXT NOT NULL CHECK (role IN ('admin', 'user')),
    created_at    BIGINT NOT NULL
);

-- Administrators see users in the order in which they were added.
CREATE INDEX users_in_order ON users (created_at, id);

-- One row for each pair of tokens given out. Tokens are 256 random bits; only their SHA-256 is kept, in hexadecimal.
-- The pairs that come from one sign-in, each exchanged for the next, are a family.
CREATE TABLE refresh_tokens (
    refresh_hash       TEXT PRIMARY KEY,
    access_hash        TEXT NOT NULL UNIQUE,
    family             TEXT NOT NULL,
    user_id            TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at         BIGINT NOT NULL,
    access_expires_at  BIGINT NOT NULL,
    refresh_expires_at BIGINT NOT NULL,
    used_at            BIGINT, -- when it was exchanged: a second exchange is theft, and revokes the family
    revoked_at         BIGINT
);

CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (refresh_expires_at);

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

-- What is looked for, in any language: words as they are, but without accents and capitals.
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION words
    ALTER MAPPING FOR word, numword, hword, hword_part, hword_numpart, numhword WITH unaccent, simple;

-- A row for each passage of a document.
CREATE TABLE passages (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    body        TEXT NOT NULL,
    -- Without these signs, the parser does not take `bees.txt` for a host, and `-1` for a number.
    words       TSVECTOR NOT NULL GENERATED ALWAYS AS (to_tsvector('words', translate(body, '.-_/@:', '      '))) STORED
);

CREATE INDEX passages_document ON passages (document_id);
CREATE INDEX passages_words ON passages USING gin (words);

-- Who a person is to an OpenID Connect provider. Such an account may have no password: then the hash is empty.
CREATE TABLE identities (
    issuer     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE INDEX identities_user ON identities (user_id);
