//! The memory that spans are written into. Each thread has its own, and uses it again: a span is made here and freed by the
//! thread that exports it, which is the most expensive thing that can be done to an allocator.

use bytes::{Bytes, BytesMut};
use std::{cell::RefCell, mem};
use throughline_core::otlp::Message;

/// Room for most spans, and for what is added to them at the end.
const USUAL_BYTES: usize = 768;
/// The largest buffer that is kept for the next span.
const MAX_SPARE_BYTES: usize = 4096;
/// Buffers that are kept: as many spans are usually open at a time.
const MAX_SPARES: usize = 4;
/// Ended spans lie in pieces of memory of this size, until the last of a piece was exported.
const PIECE_BYTES: usize = 8 * 1024;
/// The largest span that is put into a piece.
const MAX_BYTES_IN_PIECE: usize = PIECE_BYTES / 4;

thread_local! {
    static OF_THIS_THREAD: RefCell<Memory> = RefCell::default();
}

#[derive(Default)]
struct Memory {
    /// For spans that are to be made.
    spares: Vec<Message>,
    /// Where the next span is put that ends.
    piece: BytesMut,
}

/// An empty buffer.
pub(super) fn buffer() -> Message {
    let spare = OF_THIS_THREAD.try_with(|it| it.try_borrow_mut().ok()?.spares.pop());
    let spare = spare.ok().flatten();
    spare.unwrap_or_else(|| Message::with_capacity(USUAL_BYTES))
}

/// The bytes of a span that has ended.
pub(super) fn keep(mut span: Message) -> Bytes {
    let kept = OF_THIS_THREAD.try_with(|it| it.try_borrow_mut().ok()?.keep(&mut span));
    // Too large, or on a thread that ends.
    kept.ok()
        .flatten()
        .unwrap_or_else(|| span.into_bytes().into())
}

// === impl Memory ===

impl Memory {
    /// None if it is to be kept by itself.
    fn keep(&mut self, span: &mut Message) -> Option<Bytes> {
        if span.len() > MAX_BYTES_IN_PIECE {
            return None;
        }
        if self.piece.capacity() == 0 {
            self.piece = BytesMut::with_capacity(PIECE_BYTES);
        }
        self.piece.extend_from_slice(span.as_bytes());
        if span.capacity() <= MAX_SPARE_BYTES && self.spares.len() < MAX_SPARES {
            span.clear();
            self.spares.push(mem::take(span));
        }
        Some(self.piece.split().freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span_of(bytes: usize) -> Message {
        let mut span = buffer();
        span.append(&vec![7; bytes]);
        span
    }

    #[test]
    fn a_span_is_kept_as_it_is_however_long_it_is() {
        let lengths = [0, 1, 700, 5000, 16_384, 100_000, 700];
        let kept = lengths.map(|bytes| keep(span_of(bytes)));
        assert_eq!(kept.map(|it| it.len()), lengths);
        let spares = OF_THIS_THREAD.with(|it| it.take().spares);
        assert!(
            spares
                .iter()
                .all(|it| it.as_bytes().is_empty() && it.capacity() <= MAX_SPARE_BYTES)
        );
        assert_eq!(spares.len(), 1);
    }

    #[test]
    fn memory_is_used_again_once_its_spans_are_exported() {
        let first = keep(span_of(500));
        let place = first.as_ptr();
        drop(first);
        let places = (0..100).map(|_| keep(span_of(500)).as_ptr());
        assert!(places.collect::<Vec<_>>().contains(&place));
    }
}
