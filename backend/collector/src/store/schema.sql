-- Spans as they were received, one row a request.
CREATE TABLE chunk (
    id       INTEGER PRIMARY KEY,   -- grows with time of receipt: a clock that is wrong elsewhere does not matter
    received INTEGER NOT NULL,      -- nanoseconds since 1970
    source   INTEGER NOT NULL,      -- 0 program, 1 browser
    size     INTEGER NOT NULL,      -- bytes on disk, with the rows that belong to it (estimated)
    spans    BLOB NOT NULL          -- zstd(ExportTraceServiceRequest)
) STRICT;
CREATE INDEX chunk_by_source ON chunk (source, id, size);

-- Each span once, whatever is delivered twice; says in which chunk it counts.
CREATE TABLE span (
    trace_id  BLOB NOT NULL,
    span_id   BLOB NOT NULL,
    parent_id BLOB,                 -- null: a root
    chunk_id  INTEGER NOT NULL,
    source    INTEGER NOT NULL,
    start     INTEGER NOT NULL,     -- nanoseconds since 1970
    "end"     INTEGER NOT NULL,
    error     INTEGER NOT NULL,     -- 1: status Error
    service   TEXT NOT NULL,
    name      TEXT NOT NULL,
    PRIMARY KEY (trace_id, span_id)
) STRICT, WITHOUT ROWID;

-- One row a trace: what the list shows.
CREATE TABLE trace (
    trace_id     BLOB PRIMARY KEY,
    start        INTEGER NOT NULL,
    "end"        INTEGER NOT NULL,
    span_count   INTEGER NOT NULL,
    error_count  INTEGER NOT NULL,
    services     TEXT NOT NULL,     -- JSON array, sorted
    root_rank    INTEGER NOT NULL,  -- 0 no parent, 1 its parent is not here, 2 neither (a cycle): see summary.rs
    root_id      BLOB NOT NULL,
    root_parent  BLOB,
    root_start   INTEGER NOT NULL,
    root_service TEXT NOT NULL,
    root_name    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX trace_by_start ON trace (start, trace_id);
