//! Reads a request body, inflating on the way, into memory that is bounded twice: by the limit of one request and by the
//! budget of all requests. A gzip bomb stops at the limit; neither it nor what follows it is ever held.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::status::Refusal;

/// What one permit of the budget stands for.
pub(crate) const PERMIT_BYTES: usize = 1024;

/// Compressed bytes that are inflated before other tasks get a turn: at deflate's best ratio (1032) that is 4 MiB.
const INFLATE_STEP: usize = 4096;

/// What is read and thrown away of a body that was refused (see [`linger`]).
const LINGER_BYTES: usize = 256 << 20;
const LINGER_TIME: Duration = Duration::from_secs(10);

/// How the body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
}

/// A whole body, with its share of the memory budget, which is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    pub(crate) lease: MemoryLease,
}

/// A share of the budget for bodies in memory.
#[derive(Debug)]
pub(crate) struct MemoryLease {
    budget: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

/// Grows up to the limit and no further.
#[derive(Debug)]
struct Sink {
    received: Received,
    limit: usize,
}

enum Reader {
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
}

/// Reads `body` to its end. On an error the rest of the body is read and thrown away in the background.
pub(crate) async fn read(
    mut body: Body,
    compression: Compression,
    limit: usize,
    timeout: Duration,
    budget: Arc<Semaphore>,
) -> Result<Received, Refusal> {
    let reading = read_all(&mut body, compression, limit, budget);
    let result = match tokio::time::timeout(timeout, reading).await {
        Ok(result) => result,
        Err(_) => Err(Refusal::TooSlow {
            seconds: timeout.as_secs(),
        }),
    };
    if result.is_err() {
        linger(body);
    }
    result
}

/// Goes on reading for a while, into nothing. A server that closes a connection with unread bytes in it resets it, and
/// the client then loses the answer that says what was wrong (nginx calls this a lingering close).
pub(crate) fn linger(mut body: Body) {
    tokio::spawn(tokio::time::timeout(LINGER_TIME, async move {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > LINGER_BYTES {
                break;
            }
        }
    }));
}

async fn read_all(
    body: &mut Body,
    compression: Compression,
    limit: usize,
    budget: Arc<Semaphore>,
) -> Result<Received, Refusal> {
    let lease = MemoryLease { budget, held: None };
    let sink = Sink {
        received: Received {
            bytes: Vec::new(),
            lease,
        },
        limit,
    };
    let mut reader = match compression {
        Compression::None => Reader::Plain(sink),
        Compression::Gzip => Reader::Gzip(Box::new(MultiGzDecoder::new(sink))),
    };
    let mut arrived = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::BadData("the body was cut off".to_owned()))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        arrived = arrived.saturating_add(data.len());
        if arrived > limit {
            return Err(Refusal::TooLarge { limit });
        }
        for step in data.chunks(INFLATE_STEP) {
            reader.write(step)?;
            tokio::task::consume_budget().await;
        }
    }
    reader.finish()
}

// === impl Reader ===

impl Reader {
    fn write(&mut self, data: &[u8]) -> Result<(), Refusal> {
        match self {
            Self::Plain(sink) => sink.write_all(data),
            Self::Gzip(gzip) => gzip.write_all(data),
        }
        .map_err(refusal)
    }

    fn finish(self) -> Result<Received, Refusal> {
        match self {
            Self::Plain(sink) => Ok(sink.received),
            Self::Gzip(gzip) => Ok(gzip.finish().map_err(refusal)?.received),
        }
    }
}

/// The sink's own errors travel through flate2 as `io::Error`; all others are flate2's.
fn refusal(error: io::Error) -> Refusal {
    match error.downcast::<Refusal>() {
        Ok(refusal) => refusal,
        Err(error) => Refusal::BadData(format!("the body is not valid gzip: {error}")),
    }
}

// === impl Sink ===

impl Write for Sink {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let Received { bytes, lease } = &mut self.received;
        let length = bytes.len().saturating_add(data.len());
        if length > self.limit {
            return Err(io::Error::other(Refusal::TooLarge { limit: self.limit }));
        }
        lease.grow_to(length).map_err(io::Error::other)?;
        bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// === impl MemoryLease ===

impl MemoryLease {
    fn grow_to(&mut self, bytes: usize) -> Result<(), Refusal> {
        let held = self
            .held
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let wanted = bytes.div_ceil(PERMIT_BYTES).saturating_sub(held);
        if wanted == 0 {
            return Ok(());
        }
        let wanted = u32::try_from(wanted).map_err(|_| Refusal::Overloaded)?;
        let more = Arc::clone(&self.budget)
            .try_acquire_many_owned(wanted)
            .map_err(|_| Refusal::Overloaded)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}
