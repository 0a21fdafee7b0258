//! Where every item went. Nothing is lost without a line in here.

/// Why an item was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// The pipeline held as many items as it may.
    QueueFull,
    /// The receiver refused it: a partial success, or a status that says not to retry.
    Rejected,
    /// The last attempt that the settings allow failed.
    RetriesExhausted,
    /// The last attempt, or the send of a [`drain`](super::Pipeline::drain), was not answered in time.
    Timeout,
    /// It came after the shutdown, or the shutdown's deadline came first.
    Shutdown,
    /// Telemetry is off.
    Disabled,
    /// It could not be written as a request.
    Encoding,
}

/// The account of a [`Pipeline`](super::Pipeline): what became of every item that it was given.
///
/// `created = exported + exporting + queued + dropped`, see [`Ledger::balances`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Items that the pipeline has ever seen.
    pub created: u64,
    /// Items that the receiver has acknowledged.
    pub exported: u64,
    /// Items that were handed out and whose outcome is not known yet.
    pub exporting: u64,
    /// Items that wait, those of a batch that waits for its next attempt included.
    pub queued: u64,
    pub(super) dropped: [u64; DropReason::ALL.len()],
}

// === impl DropReason ===

impl DropReason {
    /// Every reason, in the order of their declaration.
    pub const ALL: [Self; 7] = [
        Self::QueueFull,
        Self::Rejected,
        Self::RetriesExhausted,
        Self::Timeout,
        Self::Shutdown,
        Self::Disabled,
        Self::Encoding,
    ];

    /// The reason as the value of an attribute, such as `queue_full`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::Rejected => "rejected",
            Self::RetriesExhausted => "retries_exhausted",
            Self::Timeout => "timeout",
            Self::Shutdown => "shutdown",
            Self::Disabled => "disabled",
            Self::Encoding => "encoding",
        }
    }
}

impl std::fmt::Display for DropReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Ledger ===

impl Ledger {
    /// Items that were dropped for `reason`.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped.get(reason as usize).copied().unwrap_or(0)
    }

    /// Items that were dropped for any reason.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// The reasons for which items were dropped, with how many: for reports.
    pub fn drops(&self) -> impl Iterator<Item = (DropReason, u64)> {
        DropReason::ALL
            .into_iter()
            .zip(self.dropped)
            .filter(|(_, count)| *count > 0)
    }

    /// Whether every item is accounted for. It always is; a test or a health check says so.
    pub fn balances(&self) -> bool {
        self.created == self.exported + self.exporting + self.queued + self.dropped_total()
    }

    /// This ledger, and so many items more that wait elsewhere: in a store, see [`Outcome::Stored`](super::Outcome).
    #[must_use]
    pub fn and_stored(mut self, count: u64) -> Self {
        self.created = self.created.saturating_add(count);
        self.queued = self.queued.saturating_add(count);
        self
    }

    pub(super) fn export_items(&mut self, count: u64, rejected: u64) {
        let rejected = rejected.min(count);
        self.exported += count - rejected;
        self.drop_items(DropReason::Rejected, rejected);
    }

    pub(super) fn drop_items(&mut self, reason: DropReason, count: u64) {
        if let Some(dropped) = self.dropped.get_mut(reason as usize) {
            *dropped = dropped.saturating_add(count);
        }
    }
}
