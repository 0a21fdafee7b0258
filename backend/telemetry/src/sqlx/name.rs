//! The names by which metrics tell pools apart.

use parking_lot::Mutex;
use std::{borrow::Cow, collections::BTreeSet, iter};

/// The names of the pools that there are.
static TAKEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// `db.client.connection.pool.name`, which no other pool has until this is dropped.
#[derive(Debug)]
pub(super) struct PoolName(String);

// === impl PoolName ===

impl PoolName {
    /// The name itself, or `name-2` and so on if there is a pool of that name.
    pub(super) fn claim(name: &str) -> Self {
        let mut taken = TAKEN.lock();
        let numbered = (2_u64..).map(|number| Cow::Owned(format!("{name}-{number}")));
        let mut names = iter::once(Cow::Borrowed(name)).chain(numbered);
        let free = names.find(|name| !taken.contains(name.as_ref()));
        let free = free.unwrap_or_default().into_owned();
        taken.insert(free.clone());
        Self(free)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Drop for PoolName {
    fn drop(&mut self) {
        TAKEN.lock().remove(&self.0);
    }
}
