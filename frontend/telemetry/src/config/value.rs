//! Values as they come, texts of `<meta>` tags or values of JSON, made into what is configured, or refused.
//!
//! Whatever the page says, nothing grows without a bound.

use js_sys::Array;
use wasm_bindgen::JsValue;

use super::keys::Kind;
use crate::page::{self, property};

/// Bytes of one text.
const MAX_TEXT_BYTES: usize = 2048;
/// Texts in one list, and headers.
const MAX_LIST: usize = 32;

/// What was said. The kind of its key tells which of these it is.
#[derive(Default)]
pub(super) struct Value {
    /// As it was said: JSON, if that is no text.
    pub(super) text: String,
    /// Also the place of a word in a choice.
    pub(super) number: f64,
    /// Names and values; a mere list has names only.
    pub(super) list: Vec<(String, String)>,
}

/// `object[method](argument)` of a global object, or `undefined`.
#[inline(never)]
pub(super) fn call(object: &str, method: &str, argument: &JsValue) -> JsValue {
    page::call(&page::global(object), method, argument, JsValue::UNDEFINED).unwrap_or_default()
}

/// A text that is not empty.
#[inline(never)]
fn text(value: &JsValue) -> Option<String> {
    let text = value.as_string()?;
    (1..=MAX_TEXT_BYTES).contains(&text.len()).then_some(text)
}

// === impl Value ===

impl Value {
    pub(super) fn of(value: &JsValue) -> Self {
        let json = || call("JSON", "stringify", value).as_string();
        Self {
            text: value.as_string().or_else(json).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Whether this value is of this kind. If it is, it is read.
    pub(super) fn read(&mut self, kind: Kind, value: &JsValue) -> bool {
        let is_text = text(value).is_some();
        match kind {
            Kind::Choice(words) => self.choose(words),
            Kind::Number(least, most) => {
                self.number = number(&self.text);
                f64::from(least) <= self.number && self.number <= f64::from(most)
            }
            Kind::Text => is_text,
            Kind::Address => is_text && is_address(&self.text),
            Kind::Headers => {
                let names = call("Reflect", "ownKeys", value);
                is_accepted(value) && self.add_all(&names, Some(value))
            }
            #[cfg(any(feature = "fetch", feature = "xhr"))]
            Kind::List if is_text => self.add_parts(),
            #[cfg(any(feature = "fetch", feature = "xhr"))]
            Kind::List => self.add_all(value, None) && !self.list.is_empty(),
        }
    }

    fn choose(&mut self, words: &str) -> bool {
        let mut rest = words;
        while !rest.is_empty() {
            if head(&mut rest) == self.text {
                return true;
            }
            self.number += 1.0;
        }
        false
    }

    /// What follows one another with commas in between.
    #[cfg(any(feature = "fetch", feature = "xhr"))]
    fn add_parts(&mut self) -> bool {
        let mut rest = self.text.as_str();
        while !rest.is_empty() && self.list.len() <= MAX_LIST {
            self.list.push((head(&mut rest).to_owned(), String::new()));
        }
        self.list.len() <= MAX_LIST
    }

    /// Adds each of `names`, with what `object` has under it.
    fn add_all(&mut self, names: &JsValue, object: Option<&JsValue>) -> bool {
        let mut is_right = true;
        page::find(names, &mut |name| {
            is_right = self.add(name, object).is_some();
            !is_right
        });
        is_right
    }

    fn add(&mut self, name: &JsValue, object: Option<&JsValue>) -> Option<()> {
        let name = text(name)?;
        let value = match object {
            Some(object) => text(&property(object, &name))?,
            None => String::new(),
        };
        self.list.push((name, value));
        (self.list.len() <= MAX_LIST).then_some(())
    }
}

/// The next of what has commas between, without the spaces around it. It is taken off.
#[inline(never)]
fn head<'a>(rest: &mut &'a str) -> &'a str {
    let comma = rest.bytes().position(|byte| byte == b',');
    let (head, tail) = rest
        .split_at_checked(comma.unwrap_or(rest.len()))
        .unwrap_or_default();
    *rest = tail.get(1..).unwrap_or_default();
    head.trim_ascii()
}

/// The number that this is the text of, or none.
fn number(text: &str) -> f64 {
    // An empty text would be 0.
    if text.trim_ascii().is_empty() {
        return f64::NAN;
    }
    let page = js_sys::global();
    let number = page::ask(&page, "Number", text);
    number.as_f64().unwrap_or(f64::NAN)
}

fn is_address(text: &str) -> bool {
    let protocol = page::resolved(text).and_then(|it| page::text(&it, "protocol"));
    matches!(protocol.as_deref(), Some("http:" | "https:"))
}

/// Whether `fetch` takes these headers.
fn is_accepted(headers: &JsValue) -> bool {
    let class = page::global("Headers");
    let construct = property(&page::global("Reflect"), "construct");
    let arguments = Array::of2(headers, &JsValue::UNDEFINED).into();
    page::apply(
        &construct,
        &JsValue::UNDEFINED,
        class.clone(),
        arguments,
        class,
    )
    .is_ok()
}
