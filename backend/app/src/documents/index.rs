//! Indexing: a job in the background, in the trace of the upload.

use std::sync::Arc;

use anyhow::Context;
use opentelemetry::{KeyValue, trace::get_active_span};
use rag_admin_api::DocumentState;
use throughline_instrument::task;
use tokio::sync::Semaphore;
use tracing::{error, info, warn};

use super::{passages::passages, queries};
use crate::db::{self, Db};

/// How many documents are indexed at once.
const MAX_JOBS: u32 = 2;

/// How often a document is tried while the database is away. Each try waits for it, as long as a request does.
const MAX_TRIES: u32 = 20;

/// Indexes documents. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Indexer {
    db: Db,
    jobs: Arc<Semaphore>,
}

// === impl Indexer ===

impl Indexer {
    pub(crate) fn new(db: Db) -> Indexer {
        Indexer {
            db,
            jobs: Arc::new(Semaphore::new(MAX_JOBS as usize)),
        }
    }

    /// Takes up what a server that was stopped has left.
    pub(crate) async fn resume(&self) -> sqlx::Result<()> {
        for id in queries::unindexed(self.db.untraced()).await? {
            self.start(id);
        }
        Ok(())
    }

    /// Indexes a document, in the caller's trace and after the caller.
    pub(crate) fn start(&self, id: String) {
        let this = self.clone();
        task::spawn("index_document", async move { this.run(&id).await });
    }

    /// Waits for what is being indexed. What has not begun is taken up by the next start.
    pub(crate) async fn stop(&self) {
        let running = self.jobs.acquire_many(MAX_JOBS).await;
        self.jobs.close();
        drop(running);
    }

    async fn run(&self, id: &str) {
        // Closed: the server stops.
        let Ok(_job) = self.jobs.acquire().await else {
            return;
        };
        match self.index_patiently(id).await {
            Ok(count) => {
                get_active_span(|span| {
                    let count = i64::try_from(count).unwrap_or(i64::MAX);
                    span.set_attribute(KeyValue::new("document.passages", count));
                });
                info!(document.id = id, passages = count, "document indexed");
            }
            Err(error) => {
                error!(
                    document.id = id,
                    error = format!("{error:#}"),
                    "document not indexed"
                );
                // If this fails too, the next start tries again.
                let _ = queries::set_state(&self.db, id, DocumentState::Failed).await;
            }
        }
    }

    async fn index_patiently(&self, id: &str) -> anyhow::Result<usize> {
        for _ in 1..MAX_TRIES {
            match self.index(id).await {
                Err(error) if db::is_away(&error) => {
                    warn!(
                        document.id = id,
                        error = format!("{error:#}"),
                        "document not indexed yet"
                    );
                }
                ended => return ended,
            }
        }
        self.index(id).await
    }

    async fn index(&self, id: &str) -> anyhow::Result<usize> {
        let body = queries::body(&self.db, id).await?;
        let body = body.context("the document is gone")?;
        let passages = passages(&body);
        queries::index(&self.db, id, &passages).await?;
        Ok(passages.len())
    }
}
