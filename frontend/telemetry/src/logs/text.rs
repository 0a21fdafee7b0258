//! What others write of themselves, within bounds.

use std::fmt::{self, Write as _};

use throughline_core::otlp::cut;

use crate::limits;

/// A text that ends at the limit of an attribute's value, whatever writes to it.
#[derive(Debug, Default)]
pub(crate) struct Text(pub(crate) String);

// === impl Text ===

impl Text {
    pub(crate) fn of(arguments: fmt::Arguments<'_>) -> String {
        let mut text = Self::default();
        // A `Display` that fails, or has more to say, leaves what it has said.
        let _ = text.write_fmt(arguments);
        text.0
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let left = limits::get().attributes.value_bytes - self.0.len();
        let fitting = cut(text, left);
        self.0.push_str(fitting);
        if fitting.len() < text.len() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}
