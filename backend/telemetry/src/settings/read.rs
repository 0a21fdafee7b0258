//! Variables one by one: trimmed, checked, and with a warning for what makes no sense.

use std::{cell::RefCell, fmt::Display, str::FromStr, time::Duration};

/// A function that gives variables, and the warnings so far.
///
/// A warning names the variable and never its value: people put keys into the wrong one.
pub(crate) struct Reader<'a> {
    var: &'a dyn Fn(&str) -> Option<String>,
    warnings: RefCell<Vec<String>>,
}

// === impl Reader ===

impl<'a> Reader<'a> {
    pub(super) fn new(var: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            var,
            warnings: RefCell::default(),
        }
    }

    pub(super) fn into_warnings(self) -> Vec<String> {
        self.warnings.into_inner()
    }

    /// Empty values count as unset, as the specification of the variables says.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let value = (self.var)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub(super) fn warn(&self, name: impl Display, expected: impl Display) {
        let warning = format!("{name} is ignored: {expected}");
        self.warnings.borrow_mut().push(warning);
    }

    /// A number that is `least` at least.
    pub(crate) fn number<N>(&self, name: &str, least: N) -> Option<N>
    where
        N: Copy + FromStr + PartialOrd + Display,
    {
        let text = self.text(name)?;
        let number = text.parse().ok().filter(|number| *number >= least);
        if number.is_none() {
            self.warn(name, format_args!("a number of at least {least} is wanted"));
        }
        number
    }

    /// Whole milliseconds.
    pub(super) fn milliseconds(&self, name: &str, least: u64) -> Option<Duration> {
        self.number(name, least).map(Duration::from_millis)
    }

    /// `true` or `false`, in any case.
    pub(super) fn flag(&self, name: &str) -> bool {
        let Some(text) = self.text(name) else {
            return false;
        };
        let yes = text.eq_ignore_ascii_case("true");
        if !yes && !text.eq_ignore_ascii_case("false") {
            self.warn(name, "`true` or `false` is wanted");
        }
        yes
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = find(&text, words);
        if found.is_none() {
            self.warn(name, wanted(words));
        }
        found
    }

    /// A list of words, separated by commas. Those that are not known are left out, with a warning.
    pub(super) fn words<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Option<Vec<T>> {
        let text = self.text(name)?;
        let given = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        let mut unknown = false;
        let known = given.filter_map(|word| {
            let found = find(word, words);
            unknown |= found.is_none();
            found
        });
        let known = known.collect();
        if unknown {
            self.warn(format_args!("a word of {name}"), wanted(words));
        }
        Some(known)
    }
}

fn find<T: Copy>(text: &str, words: &[(&str, T)]) -> Option<T> {
    let mut words = words.iter();
    words
        .find(|(word, _)| word.eq_ignore_ascii_case(text))
        .map(|(_, value)| *value)
}

fn wanted<T>(words: &[(&str, T)]) -> String {
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    format!("known are {}", words.join(", "))
}
