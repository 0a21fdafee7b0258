//! What JavaScript throws: an `Error`, or anything else.

use js_sys::JsString;
use wasm_bindgen::{JsCast, JsValue};

use super::Exception;
use crate::limits;
use crate::page::{self, property};

/// Properties of a thrown object that are named.
const MAX_NAMES: usize = 16;

/// What is thrown, by its name, message and stack, or else by its content, of an object its properties'
/// names. Never throws in turn.
pub(super) fn read(thrown: &JsValue) -> Exception {
    let mut exception = Exception {
        class: text(&property(thrown, "name")),
        message: text(&property(thrown, "message")),
        stacktrace: text(&property(thrown, "stack")),
        ..Exception::default()
    };
    if exception.class.is_empty() {
        exception.class = text(&thrown.js_typeof());
    }
    if exception.message.is_empty() && exception.stacktrace.is_empty() {
        exception.message = content(thrown);
    }
    exception
}

/// A text of JavaScript within the limit of an attribute's value; empty if it is none. A long one is not copied whole.
pub(super) fn text(value: &JsValue) -> String {
    if !value.is_string() {
        return String::new();
    }
    let max = u32::try_from(limits::get().attributes.value_bytes).unwrap_or(u32::MAX);
    String::from(value.unchecked_ref::<JsString>().slice(0, max))
}

fn content(thrown: &JsValue) -> String {
    if thrown.is_string() {
        return text(thrown);
    }
    if !thrown.is_object() {
        return text(&ask("JSON", "stringify", thrown));
    }
    // What an answer of a server holds may be anybody's secret: what it has tells enough.
    let mut names = String::from("an object with");
    let mut left = MAX_NAMES;
    page::find(&ask("Reflect", "ownKeys", thrown), &mut |name| {
        names.push(' ');
        names.push_str(&text(name));
        left -= 1;
        left == 0
    });
    names
}

/// What one of the page's own objects says of it; `undefined` if it throws.
fn ask(object: &str, method: &str, thrown: &JsValue) -> JsValue {
    let object = page::global(object);
    page::call(&object, method, thrown, JsValue::UNDEFINED).unwrap_or_default()
}
