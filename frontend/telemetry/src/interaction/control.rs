//! Which control was used, and what it is called. Never what is written in it or on it.
//!
//! The page's objects are read by name, each call in one way: a method of its own for each would be an import each. And
//! none of it throws: a form's properties are hidden by fields that have their names.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event};

use crate::page;

/// What a click can mean something to. A click elsewhere is no interaction: give the element a role (it needs one for
/// people with a screen reader, too) or `data-trace`. An `option` is its list's.
const CONTROLS: &str = "button,a[href],input,select,textarea,label,summary,[data-trace],\
    [role=button],[role=link],[role=checkbox],[role=radio],[role=switch],[role=tab],[role=option],\
    [role=menuitem],[role=menuitemcheckbox],[role=menuitemradio],[role=treeitem],[role=gridcell],\
    [role=row],[role=combobox],[role=textbox],[role=searchbox],[role=slider],[role=spinbutton]";

/// Where a value is chosen, not typed: a change of it is an interaction.
const CHOICES: &str = "select,input[type=checkbox],input[type=radio],input[type=file],\
    input[type=range],input[type=color],input[type=date],input[type=time],\
    input[type=datetime-local],input[type=month],input[type=week]";

/// The button that Enter in a field activates (HTML, implicit submission).
const DEFAULT_BUTTON: &str =
    "button:not([type]),button[type=submit],input[type=submit],input[type=image]";

/// Forms that are sent without leaving the page.
const STAYING_FORMS: &str = "[method=dialog i],[target]:not([target=_self])";

/// What is typed into.
const FIELDS: &str = "input,select,textarea,[contenteditable],[role=textbox],[role=searchbox],\
    [role=combobox],[role=spinbutton]";

/// A name's length at most, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// How a control is called by what is written on it.
pub(crate) type TextOf = fn(&Element) -> Option<String>;

/// The innermost control that the event went to. The path knows what is inside shadow trees, and that an icon in a
/// button is the button's.
pub(crate) fn of(event: &Event) -> Option<Element> {
    let path = call(event, "composedPath", "");
    let path = path.dyn_ref::<Array>()?;
    for index in 0..path.length() {
        let element = path.get(index);
        if matches(&element, CONTROLS) {
            return Some(element.unchecked_into());
        }
    }
    None
}

/// The control, if a value is chosen with it, whose `change` this is.
pub(crate) fn choice(event: &Event) -> Option<Element> {
    of(event).filter(|control| matches(control, CHOICES))
}

/// The form that this click sends because Enter was pressed in one of its fields: the browser clicks on its default
/// button.
pub(crate) fn form_by_enter(event: &Event, button: &Element) -> Option<Element> {
    if page::number(event, "detail") != 0.0
        || !is_trusted(event)
        || !matches(button, DEFAULT_BUTTON)
    {
        return None;
    }
    let document = page::property(&js_sys::global(), "document");
    let focused = element(&document, "activeElement")?;
    let form = element(button, "form")?;
    (focused != *button && element(&focused, "form").as_ref() == Some(&form)).then_some(form)
}

/// Whether a person did it.
pub(crate) fn is_trusted(event: &Event) -> bool {
    page::is(event, "isTrusted")
}

/// Whether the browser loads another page because of this `submit`.
pub(crate) fn is_leaving(submit: &Event) -> bool {
    is_trusted(submit)
        && !page::is(submit, "defaultPrevented")
        && !matches(&page::property(submit, "target"), STAYING_FORMS)
}

/// The name of a control: the first of what tells it apart from others.
pub(crate) fn name(control: &Element, text: Option<TextOf>) -> String {
    let labelled = labelled(control);
    let control = labelled.as_ref().unwrap_or(control);
    given_name(control)
        .or_else(|| text?(control))
        .or_else(|| attribute(control, "role"))
        .unwrap_or_else(|| tag_name(control))
}

/// What is written on a control, one line of it. Not what is in it.
pub(crate) fn text(control: &Element) -> Option<String> {
    if matches(control, FIELDS) {
        return None;
    }
    let text = page::text(control, "innerText")?;
    let text = text.trim_ascii();
    let line = text.bytes().position(|it| it == b'\n');
    short(text.get(..line.unwrap_or(text.len()))?)
}

/// The tag, in lower case. Only a form's can be hidden.
pub(crate) fn tag_name(element: &Element) -> String {
    page::text(element, "localName").unwrap_or_else(|| "form".to_owned())
}

/// The name of a submitted form: its button's, else its own.
pub(crate) fn form_name(button: Option<&Element>, form: &Element) -> String {
    for name in [|it: &Element| attribute(it, "data-trace"), given_name] {
        if let Some(name) = button.and_then(name).or_else(|| name(form)) {
            return name;
        }
    }
    name(form, None)
}

/// The button by which a form is sent, or would be.
pub(crate) fn submitter(submit: &Event, form: &Element) -> Option<Element> {
    let button = element(submit, "submitter");
    button.or_else(|| present(call(form, "querySelector", DEFAULT_BUTTON)))
}

/// The control that a label labels.
pub(crate) fn labelled(label: &Element) -> Option<Element> {
    if !matches(label, "label") {
        return None;
    }
    element(label, "control")
}

/// Calls a method with a text. `undefined` if that is not possible.
pub(crate) fn call(object: &JsValue, method: &str, argument: &str) -> JsValue {
    page::call(object, method, argument, JsValue::UNDEFINED).unwrap_or_default()
}

/// A property that is an element, or nothing.
pub(crate) fn element(object: &JsValue, property: &str) -> Option<Element> {
    present(page::property(object, property))
}

fn present(element: JsValue) -> Option<Element> {
    (!element.is_undefined() && element != JsValue::NULL).then(|| element.unchecked_into())
}

fn given_name(element: &Element) -> Option<String> {
    for name in ["data-trace", "id", "name", "aria-label"] {
        if let Some(value) = attribute(element, name) {
            return Some(value);
        }
    }
    None
}

fn attribute(element: &JsValue, name: &str) -> Option<String> {
    short(&call(element, "getAttribute", name).as_string()?)
}

#[inline(never)]
fn short(text: &str) -> Option<String> {
    let text = crate::otlp::cut(text, MAX_NAME_BYTES);
    (!text.is_empty()).then(|| text.to_owned())
}

fn matches(element: &JsValue, selector: &str) -> bool {
    call(element, "matches", selector).as_bool() == Some(true)
}
