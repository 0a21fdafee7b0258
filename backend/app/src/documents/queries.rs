//! Every query on `documents` and `passages`.

use rag_admin_api::{Document, DocumentState, Hit};
use sqlx::{FromRow, any::AnyExecutor};

use crate::db::{Db, by_system};

#[derive(FromRow)]
struct Row {
    id: String,
    title: String,
    bytes: i64,
    state: String,
    created_at: i64,
}

/// Adds a document that is still to be indexed.
pub(super) async fn insert(
    db: impl AnyExecutor<'_>,
    document: &Document,
    owner_id: &str,
    body: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO documents (id, owner_id, title, bytes, body, state, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&document.id)
    .bind(owner_id)
    .bind(&document.title)
    .bind(i64::try_from(document.bytes).unwrap_or(i64::MAX))
    .bind(body)
    .bind(document.state.as_str())
    .bind(document.created_at)
    .execute(db)
    .await
    .map(drop)
}

pub(super) async fn count(db: impl AnyExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM documents")
        .fetch_one(db)
        .await
}

pub(super) async fn find(db: impl AnyExecutor<'_>, id: &str) -> sqlx::Result<Option<Document>> {
    let row: Option<Row> =
        sqlx::query_as("SELECT id, title, bytes, state, created_at FROM documents WHERE id = $1")
            .bind(id)
            .fetch_optional(db)
            .await?;
    Ok(row.map(Document::from))
}

/// The documents that were added before one, the newest first; all of them if none has this id.
pub(super) async fn page(
    db: impl AnyExecutor<'_>,
    after: &str,
    limit: u32,
) -> sqlx::Result<Vec<Document>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, title, bytes, state, created_at FROM documents WHERE (created_at, id) < \
         (COALESCE((SELECT created_at FROM documents WHERE id = $1), 9223372036854775807), $1) \
         ORDER BY created_at DESC, id DESC LIMIT $2",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Document::from).collect())
}

/// Those that are still to be indexed, the oldest first.
pub(super) async fn unindexed(db: impl AnyExecutor<'_>) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("SELECT id FROM documents WHERE state = $1 ORDER BY created_at, id")
        .bind(DocumentState::Indexing.as_str())
        .fetch_all(db)
        .await
}

pub(super) async fn body(db: impl AnyExecutor<'_>, id: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT body FROM documents WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

pub(super) async fn set_state(
    db: impl AnyExecutor<'_>,
    id: &str,
    state: DocumentState,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE documents SET state = $2 WHERE id = $1")
        .bind(id)
        .bind(state.as_str())
        .execute(db)
        .await
        .map(drop)
}

/// Makes a document's passages those of the index, and nothing else: to index it once more changes nothing.
pub(super) async fn index(db: &Db, id: &str, passages: &[&str]) -> anyhow::Result<()> {
    // One statement for all of them: one for each would make a trace of thousands of spans.
    let passages = serde_json::to_string(passages)?;
    let mut transaction = db.begin().await?;
    sqlx::query("DELETE FROM passages WHERE document_id = $1")
        .bind(id)
        .execute(&mut *transaction)
        .await?;
    let insert = by_system(
        db,
        "INSERT INTO passages (document_id, body) SELECT $1, value FROM json_each($2)",
        "INSERT INTO passages (document_id, body) SELECT $1, value FROM json_array_elements_text($2::json)",
    );
    sqlx::query(insert)
        .bind(id)
        .bind(passages)
        .execute(&mut *transaction)
        .await?;
    set_state(&mut *transaction, id, DocumentState::Indexed).await?;
    transaction.commit().await?;
    Ok(())
}

/// The passages that hold all of these words, the best first.
pub(super) async fn search(db: &Db, words: &[&str], limit: u32) -> sqlx::Result<Vec<Hit>> {
    let search = by_system(
        db,
        "SELECT documents.id, documents.title, snippet(passages, 1, '', '', '…', 32) \
         FROM passages JOIN documents ON documents.id = passages.document_id \
         WHERE passages MATCH $1 ORDER BY rank LIMIT $2",
        "SELECT documents.id, documents.title, \
         ts_headline('words', passages.body, wanted, 'StartSel=\"\", StopSel=\"\", MinWords=16, MaxWords=32') \
         FROM passages JOIN documents ON documents.id = passages.document_id \
         CROSS JOIN plainto_tsquery('words', translate($1, '.-_/@:', '      ')) AS wanted \
         WHERE passages.words @@ wanted ORDER BY ts_rank(passages.words, wanted) DESC LIMIT $2",
    );
    let rows: Vec<(String, String, String)> = sqlx::query_as(search)
        .bind(match_all(words))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await?;
    let hit = |(document_id, title, passage)| Hit {
        document_id,
        title,
        passage,
    };
    Ok(rows.into_iter().map(hit).collect())
}

/// An expression of FTS5 in which every word is a string: none is an operator. PostgreSQL overlooks the quotes.
fn match_all(words: &[&str]) -> String {
    let quoted = words
        .iter()
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(" ")
}

impl From<Row> for Document {
    fn from(row: Row) -> Document {
        let states = [DocumentState::Indexing, DocumentState::Indexed];
        let state = states.into_iter().find(|it| it.as_str() == row.state);
        Document {
            id: row.id,
            title: row.title,
            bytes: row.bytes.unsigned_abs(),
            state: state.unwrap_or(DocumentState::Failed),
            created_at: row.created_at,
        }
    }
}
