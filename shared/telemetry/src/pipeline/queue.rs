//! The items that wait, oldest first, with what is needed to cut batches from them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Items in the order in which they came.
#[derive(Debug)]
pub(super) struct Queue<T> {
    entries: VecDeque<Entry<T>>,
    bytes: usize,
    size_of: fn(&T) -> usize,
}

#[derive(Debug)]
struct Entry<T> {
    item: T,
    stamp: Stamp,
    bytes: usize,
}

/// When an item came: by the clock, and by count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) at: Duration,
    pub(super) sequence: u64,
}

/// What a batch may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) items: usize,
    pub(super) bytes: usize,
}

/// Items cut from the front of the queue; never empty.
#[derive(Debug)]
pub(super) struct Cut<T> {
    pub(super) items: Arc<[T]>,
    stamps: Box<[Stamp]>,
}

// === impl Queue ===

impl<T> Queue<T> {
    pub(super) fn new(size_of: fn(&T) -> usize) -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            size_of,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn oldest(&self) -> Option<Stamp> {
        self.entries.front().map(|entry| entry.stamp)
    }

    /// Whether there is enough for a batch that cannot grow any more.
    pub(super) fn fills(&self, limit: Limit) -> bool {
        let full = self.entries.len() >= limit.items || self.bytes >= limit.bytes;
        full && !self.entries.is_empty()
    }

    pub(super) fn push(&mut self, item: T, stamp: Stamp) {
        let entry = self.entry(item, stamp);
        self.entries.push_back(entry);
    }

    /// Takes what fits into `limit` from the front: one item at least, however large, or it would block the queue.
    pub(super) fn cut(&mut self, limit: Limit) -> Option<Cut<T>> {
        if self.entries.is_empty() {
            return None;
        }
        let mut bytes = 0_usize;
        let count = self
            .entries
            .iter()
            .take(limit.items)
            .take_while(|entry| {
                bytes = bytes.saturating_add(entry.bytes);
                bytes <= limit.bytes
            })
            .count()
            .max(1);
        let taken = self.entries.drain(..count);
        let (items, stamps): (Vec<_>, Vec<_>) =
            taken.map(|entry| (entry.item, entry.stamp)).unzip();
        self.bytes = self.entries.iter().map(|entry| entry.bytes).sum();
        Some(Cut {
            items: items.into(),
            stamps: stamps.into(),
        })
    }

    pub(super) fn clear(&mut self) {
        self.bytes = 0;
        self.entries = VecDeque::new();
    }

    fn entry(&mut self, item: T, stamp: Stamp) -> Entry<T> {
        let bytes = (self.size_of)(&item);
        self.bytes = self.bytes.saturating_add(bytes);
        Entry { item, stamp, bytes }
    }
}

impl<T: Clone> Queue<T> {
    /// Puts every item of a cut back in its place: others may have been cut, and put back, in the meantime.
    pub(super) fn put_back(&mut self, cut: &Cut<T>) {
        for (item, stamp) in cut.items.iter().zip(&cut.stamps) {
            let entry = self.entry(item.clone(), *stamp);
            let older = |other: &Entry<T>| other.stamp.sequence < stamp.sequence;
            let place = self.entries.partition_point(older);
            self.entries.insert(place, entry);
        }
    }
}

// === impl Cut ===

impl<T> Cut<T> {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn oldest(&self) -> Option<Stamp> {
        self.stamps.first().copied()
    }
}
