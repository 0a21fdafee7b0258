//! The trace store behind a small interface: submit a batch, list traces, read one, close.
//!
//! Behind it is SQLite: the spans of a request are one compressed chunk, as they were received; narrow rows beside it
//! answer the list and find the chunks of a trace. One thread writes; whatever waits while it syncs the disk is committed
//! together with the next sync. Reads have connections of their own and never wait for the writer.
//!
//! **Invariant:** an acknowledged batch is on the disk (write-ahead log, `synchronous=FULL`).
//! **Invariant:** nothing outside this module knows that it is SQLite, or one file.

mod batch;
mod query;
mod retention;
mod sqlite;
mod summary;
mod writer;

use std::{
    fs::{DirBuilder, File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

pub(crate) use batch::{Batch, Source};
pub(crate) use query::{Cursor, Filter, Page, Status, StoredTrace, TraceSummary};

use crate::settings::Settings;

/// A handle to the store; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Store(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// `None` once closed: the writer ends when it has written what was sent before.
    submissions: Mutex<Option<mpsc::Sender<Submission>>>,
    stopped: Mutex<Option<oneshot::Receiver<()>>>,
    readers: query::Readers,
}

/// A batch on its way to the disk, and who waits for it.
#[derive(Debug)]
struct Submission {
    batch: Batch,
    done: oneshot::Sender<Result<(), SubmitError>>,
}

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder cannot be made or written.
    #[error("cannot use the data folder {}: {source}", path.display())]
    Folder {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Another process has the store open.
    #[error(
        "the trace store in {} is in use by another process; stop it or choose another data folder",
        path.display()
    )]
    InUse {
        /// The folder of the store.
        path: PathBuf,
    },
    /// The file was written by another version.
    #[error(
        "the trace store {} has schema version {found}, this program knows {known}; move the file away to start afresh",
        path.display()
    )]
    SchemaVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version of this program.
        known: i64,
    },
    /// The file cannot be opened as a store.
    #[error("cannot open the trace store {}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No random numbers, or no thread, are to be had from the operating system.
    #[error("the operating system refused {what}: {source}")]
    System {
        /// What was asked for.
        what: &'static str,
        /// What it says.
        source: std::io::Error,
    },
}

/// Why a batch was not stored.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum SubmitError {
    #[error("too much is waiting for the disk")]
    Full,
    #[error("the store is closed")]
    Closed,
    #[error("the store cannot write: {0}")]
    Failed(Arc<str>),
}

/// Why a read failed. All of it is in the log already.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the store cannot be read: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("a chunk of the store is damaged: {0}")]
    Chunk(#[from] batch::ChunkError),
    #[error("the reader stopped")]
    Stopped,
}

// === impl Store ===

impl Store {
    /// Opens the store in `data_dir/telemetry`, and makes it where there is none.
    pub(crate) fn open(settings: &Settings) -> Result<Self, OpenError> {
        let folder = settings.data_dir.join("telemetry");
        let file = folder.join("traces.db");
        create_private_folder(&folder)?;
        let lock = lock(&folder)?;
        let connection = sqlite::open(&file)?;
        let (submissions, queue) = mpsc::channel(settings.max_queued_requests.max(1));
        let stopped = writer::spawn(connection, lock, queue, settings)?;
        Ok(Self(Arc::new(Shared {
            submissions: Mutex::new(Some(submissions)),
            stopped: Mutex::new(Some(stopped)),
            readers: query::Readers::new(file),
        })))
    }

    /// Stores a batch, unless too many are waiting. Returns when it is durable.
    pub(crate) async fn try_submit(&self, batch: Batch) -> Result<(), SubmitError> {
        let (submission, done) = submission(batch);
        self.sender()?
            .try_send(submission)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => SubmitError::Full,
                mpsc::error::TrySendError::Closed(_) => SubmitError::Closed,
            })?;
        done.await.map_err(|_| SubmitError::Closed)?
    }

    /// Stores a batch, after those that wait. Returns when it is durable.
    pub(crate) async fn submit(&self, batch: Batch) -> Result<(), SubmitError> {
        let (submission, done) = submission(batch);
        self.sender()?
            .send(submission)
            .await
            .map_err(|_| SubmitError::Closed)?;
        done.await.map_err(|_| SubmitError::Closed)?
    }

    /// One page of the list of traces, newest first.
    pub(crate) async fn traces(&self, filter: Filter) -> Result<Page, ReadError> {
        self.0
            .readers
            .run(move |connection| query::traces(connection, &filter))
            .await
    }

    /// All spans of a trace, each once; `None` when there is none. What is beyond `max_bytes` is left out.
    pub(crate) async fn trace(
        &self,
        trace_id: [u8; 16],
        max_bytes: usize,
    ) -> Result<Option<StoredTrace>, ReadError> {
        self.0
            .readers
            .run(move |connection| query::trace(connection, trace_id, max_bytes))
            .await
    }

    /// Takes nothing more, and returns when all that was taken is written.
    pub(crate) async fn close(&self) {
        self.0.submissions.lock().take();
        let stopped = self.0.stopped.lock().take();
        if let Some(stopped) = stopped {
            let _ = stopped.await; // an error means that it stopped without a word: stopped all the same
        }
    }

    fn sender(&self) -> Result<mpsc::Sender<Submission>, SubmitError> {
        self.0.submissions.lock().clone().ok_or(SubmitError::Closed)
    }
}

fn submission(batch: Batch) -> (Submission, oneshot::Receiver<Result<(), SubmitError>>) {
    let (done, receiver) = oneshot::channel();
    (Submission { batch, done }, receiver)
}

/// What people do in an application is in there: for the owner's eyes only.
fn create_private_folder(path: &Path) -> Result<(), OpenError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| OpenError::Folder {
        path: path.to_owned(),
        source,
    })
}

/// Two writers would each keep half of the books (sizes, budgets).
fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(|source| OpenError::Folder {
        path: path.clone(),
        source,
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
            path: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(OpenError::Folder { path, source }),
    }
}

#[cfg(test)]
mod tests;
