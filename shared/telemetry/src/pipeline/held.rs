//! The items that the pipeline holds, waiting or on their way, oldest first.

use super::BatchId;

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
pub(super) struct Entry<T> {
    item: T,
    place: Place,
    /// When it came, by the clock, in nanoseconds.
    pub(super) at: u64,
    /// When it came, by count.
    pub(super) sequence: u64,
}

/// Where an item is: in the queue, or in a batch.
pub(super) type Place = Option<BatchId>;

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

    /// The number of items in a place.
    pub(super) fn count(&self, place: Place) -> usize {
        self.entries.iter().filter(|it| it.place == place).count()
    }

    pub(super) fn oldest(&self) -> Option<&Entry<T>> {
        self.entries.first()
    }

    pub(super) fn oldest_queued(&self) -> Option<&Entry<T>> {
        self.entries.iter().find(|it| it.place.is_none())
    }

    /// Whether enough is queued for a batch that cannot grow any more.
    pub(super) fn fills(&self, limit: Limit) -> bool {
        self.queued > 0 && (self.queued >= limit.items || self.queued_bytes >= limit.bytes)
    }

    pub(super) fn push(&mut self, item: T, at: u64, sequence: u64) {
        self.queued += 1;
        self.queued_bytes = self.queued_bytes.saturating_add((self.size_of)(&item));
        self.entries.push(Entry {
            item,
            place: None,
            at,
            sequence,
        });
    }

    /// Moves what is in one place to another.
    pub(super) fn relocate(&mut self, from: Place, to: Place) {
        for entry in &mut self.entries {
            if entry.place == from {
                entry.place = to;
            }
        }
        self.recount();
    }

    /// Takes the items out that are in a place.
    pub(super) fn take(&mut self, place: Place) -> Vec<T> {
        let mut taken = Vec::new();
        for entry in std::mem::take(&mut self.entries) {
            if entry.place == place {
                taken.push(entry.item);
            } else {
                self.entries.push(entry);
            }
        }
        self.recount();
        taken
    }

    /// Lets go of the items in a place, and says how many they were.
    pub(super) fn remove(&mut self, place: Place) -> usize {
        let before = self.entries.len();
        self.entries.retain(|it| it.place != place);
        self.recount();
        before - self.entries.len()
    }

    pub(super) fn clear(&mut self) {
        self.entries = Vec::new();
        self.recount();
    }

    fn recount(&mut self) {
        self.queued = 0;
        self.queued_bytes = 0;
        for entry in &self.entries {
            if entry.place.is_none() {
                self.queued += 1;
                let bytes = (self.size_of)(&entry.item);
                self.queued_bytes = self.queued_bytes.saturating_add(bytes);
            }
        }
    }
}

impl<T: Clone> Held<T> {
    /// Moves what fits into `limit` from one place into a batch, oldest first: one item at least, however large, or it
    /// would block the queue.
    pub(super) fn cut(&mut self, from: Place, limit: Limit, batch: BatchId) -> Vec<T> {
        let mut items = Vec::new();
        let mut bytes = 0_usize;
        for entry in &mut self.entries {
            if entry.place != from {
                continue;
            }
            bytes = bytes.saturating_add((self.size_of)(&entry.item));
            let fits = items.len() < limit.items && bytes <= limit.bytes;
            if !fits && !items.is_empty() {
                break;
            }
            entry.place = Some(batch);
            items.push(entry.item.clone());
        }
        self.recount();
        items
    }
}
