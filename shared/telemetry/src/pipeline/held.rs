//! The items that the pipeline holds, waiting or on their way, oldest first.

use super::BatchId;

/// Where an item is that is in no batch: in the queue. No batch has this id.
pub(super) const QUEUED: BatchId = BatchId(0);

/// Items in the order in which they came. One that is handed out stays in its place, marked, until its outcome is known:
/// so that it is where it was if it has to be sent again.
#[derive(Debug)]
pub(super) struct Held<T> {
    entries: Vec<Entry<T>>,
    size_of: fn(&T) -> usize,
    /// Of the entries that are queued.
    queued: usize,
    queued_bytes: usize,
}

#[derive(Debug)]
struct Entry<T> {
    item: T,
    /// [`QUEUED`], or the batch that it is in.
    batch: BatchId,
    /// When it is due, in nanoseconds; of what is in a batch, when that is given up.
    time: u64,
    /// When it came, by count.
    sequence: u64,
}

/// What a batch may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) items: usize,
    pub(super) bytes: usize,
}

// === impl Held ===

impl<T> Held<T> {
    pub(super) fn new(size_of: fn(&T) -> usize) -> Self {
        Self {
            entries: Vec::new(),
            size_of,
            queued: 0,
            queued_bytes: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    /// The items of a batch.
    pub(super) fn items(&self, batch: BatchId) -> impl Iterator<Item = &T> {
        let of_batch = move |it: &&Entry<T>| it.batch == batch;
        self.entries.iter().filter(of_batch).map(|it| &it.item)
    }

    /// The place in the order of all items of the oldest one.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.entries.first().map(|it| it.sequence)
    }

    /// When the oldest item in the queue is due.
    pub(super) fn first_due(&self) -> u64 {
        let oldest = self.entries.iter().find(|it| it.batch == QUEUED);
        oldest.map_or(u64::MAX, |it| it.time)
    }

    /// The batch that is to be given up first, and when.
    pub(super) fn first_deadline(&self) -> (BatchId, u64) {
        let mut first = (QUEUED, u64::MAX);
        for entry in &self.entries {
            if entry.batch != QUEUED && entry.time < first.1 {
                first = (entry.batch, entry.time);
            }
        }
        first
    }

    /// Whether enough is queued for a batch that cannot grow any more.
    pub(super) fn fills(&self, limit: Limit) -> bool {
        self.queued > 0 && (self.queued >= limit.items || self.queued_bytes >= limit.bytes)
    }

    pub(super) fn push(&mut self, item: T, due: u64, sequence: u64) {
        self.queued += 1;
        self.queued_bytes = self.queued_bytes.saturating_add((self.size_of)(&item));
        self.entries.push(Entry {
            item,
            batch: QUEUED,
            time: due,
            sequence,
        });
    }

    /// Moves what fits into `limit` from one place into a batch, oldest first: one item at least, however large, or it
    /// would block the queue. Whether there was one.
    pub(super) fn cut(&mut self, from: BatchId, limit: Limit, to: BatchId, deadline: u64) -> bool {
        let (mut items, mut bytes) = (0, 0_usize);
        for entry in &mut self.entries {
            if entry.batch != from {
                continue;
            }
            bytes = bytes.saturating_add((self.size_of)(&entry.item));
            if items > 0 && (items >= limit.items || bytes > limit.bytes) {
                break;
            }
            items += 1;
            entry.batch = to;
            entry.time = deadline;
        }
        self.recount();
        items > 0
    }

    /// Moves what is in one place to another, and to another time.
    pub(super) fn relocate(&mut self, from: BatchId, to: BatchId, time: u64) {
        for entry in &mut self.entries {
            if entry.batch == from {
                entry.batch = to;
                entry.time = time;
            }
        }
        self.recount();
    }

    /// Takes the items out that are queued.
    pub(super) fn take_queued(&mut self) -> Vec<T> {
        let taken = self.entries.extract_if(.., |it| it.batch == QUEUED);
        let taken = taken.map(|it| it.item).collect();
        self.recount();
        taken
    }

    /// Lets go of the items of a batch, or of all, and says how many they were.
    pub(super) fn remove(&mut self, batch: Option<BatchId>) -> usize {
        let before = self.entries.len();
        self.entries
            .retain(|it| batch.is_some_and(|batch| it.batch != batch));
        self.recount();
        before - self.entries.len()
    }

    fn recount(&mut self) {
        self.queued = 0;
        self.queued_bytes = 0;
        for entry in &self.entries {
            if entry.batch == QUEUED {
                self.queued += 1;
                let bytes = (self.size_of)(&entry.item);
                self.queued_bytes = self.queued_bytes.saturating_add(bytes);
            }
        }
    }
}
