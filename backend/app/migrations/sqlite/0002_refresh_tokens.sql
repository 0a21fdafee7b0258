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
