//! Replacing parts of a text, without a copy where nothing is replaced.

use std::borrow::Cow;

pub(super) struct Edit<'a> {
    source: &'a str,
    edited: String,
    /// How much of the source is in `edited` already.
    copied: usize,
}

impl<'a> Edit<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self {
            source,
            edited: String::new(),
            copied: 0,
        }
    }

    /// Replaces a range behind all that were replaced before. Nothing happens if it is empty or reads so already.
    pub(super) fn replace(&mut self, start: usize, end: usize, with: &str) {
        let kept = self.source.get(self.copied..start);
        let (Some(kept), Some(old)) = (kept, self.source.get(start..end)) else {
            return;
        };
        if old.is_empty() || old == with {
            return;
        }
        self.edited.push_str(kept);
        self.edited.push_str(with);
        self.copied = end;
    }

    pub(super) fn finish(mut self) -> Cow<'a, str> {
        if self.copied == 0 {
            return Cow::Borrowed(self.source);
        }
        let rest = self.source.get(self.copied..);
        self.edited.push_str(rest.unwrap_or_default());
        Cow::Owned(self.edited)
    }
}
