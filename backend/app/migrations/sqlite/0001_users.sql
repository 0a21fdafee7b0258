-- Times are Unix seconds. BIGINT and TEXT mean the same to SQLite and PostgreSQL.
CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE, -- trimmed, in lower case
    password_hash TEXT NOT NULL,        -- bcrypt
    role          TEXT NOT NULL CHECK (role IN ('admin', 'user')),
    created_at    BIGINT NOT NULL
);
