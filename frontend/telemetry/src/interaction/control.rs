//! Which control was used, and what it is called. Never what is written in it or on it.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlFormElement, HtmlLabelElement};

use crate::page;

/// What a click can mean something to. A click elsewhere is no interaction: give the element a role (it needs one for
/// people with a screen reader, too) or `data-trace`.
const CONTROLS: &str = "button,a[href],input,select,textarea,label,summary,option,[data-trace],\
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

/// A name's length at most, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// The innermost control that the event went to. The path knows what is inside shadow trees, and that an icon in a
/// button is the button's.
pub(crate) fn of(event: &Event) -> Option<Element> {
    event
        .composed_path()
        .iter()
        .filter_map(|target| target.dyn_into::<Element>().ok())
        .find(|element| matches(element, CONTROLS))
}

/// Whether a value is chosen with this control.
pub(crate) fn is_choice(element: &Element) -> bool {
    matches(element, CHOICES)
}

/// Whether a click on `label` is what made the browser click on `control`.
pub(crate) fn is_label_of(label: &Element, control: &Element) -> bool {
    labelled(label).is_some_and(|labelled| labelled == *control)
}

/// Whether this click is the browser's own on the default button, because Enter was pressed in a field of the form.
pub(crate) fn is_by_enter(event: &Event, button: &Element) -> bool {
    let clicks = page::property(event, "detail").as_f64();
    if !event.is_trusted() || clicks != Some(0.0) || !matches(button, DEFAULT_BUTTON) {
        return false;
    }
    let focused = page::window()
        .and_then(|it| it.document())
        .and_then(|it| it.active_element());
    focused.is_some_and(|focused| {
        focused != *button && form_of(button).is_some_and(|form| form_of(&focused) == Some(form))
    })
}

/// The button that would submit the form.
pub(crate) fn default_button(form: &Element) -> Option<Element> {
    form.query_selector(DEFAULT_BUTTON).ok().flatten()
}

/// The name of a control: the first of what tells it apart from others.
pub(crate) fn name(control: &Element) -> String {
    let labelled = labelled(control);
    let control = labelled.as_ref().unwrap_or(control);
    given_name(control)
        .or_else(|| attribute(control, "role"))
        .unwrap_or_else(|| tag_name(control))
}

/// The tag, in lower case. The properties of a form, and of nothing else, are hidden by fields that have their names.
pub(crate) fn tag_name(element: &Element) -> String {
    page::property(element, "tagName")
        .as_string()
        .map_or_else(|| "form".to_owned(), |tag| tag.to_ascii_lowercase())
}

/// The name of a submitted form: its button's, else its own.
pub(crate) fn form_name(button: Option<&Element>, form: &Element) -> String {
    let named = |name: fn(&Element) -> Option<String>| button.and_then(name).or_else(|| name(form));
    named(|it| attribute(it, "data-trace"))
        .or_else(|| named(given_name))
        .unwrap_or_else(|| name(form))
}

/// The form that a control belongs to.
pub(crate) fn form_of(control: &Element) -> Option<Element> {
    page::property(control, "form")
        .dyn_into::<HtmlFormElement>()
        .ok()
        .map(Element::from)
}

fn given_name(element: &Element) -> Option<String> {
    ["data-trace", "id", "name", "aria-label"]
        .into_iter()
        .find_map(|it| attribute(element, it))
}

fn attribute(element: &Element, name: &str) -> Option<String> {
    let value = element.get_attribute(name)?;
    let value = crate::otlp::cut(value.trim(), MAX_NAME_BYTES);
    (!value.is_empty()).then(|| value.to_owned())
}

/// The control that a label labels.
fn labelled(label: &Element) -> Option<Element> {
    label
        .dyn_ref::<HtmlLabelElement>()?
        .control()
        .map(Element::from)
}

fn matches(element: &Element, selector: &str) -> bool {
    element.matches(selector).unwrap_or(false)
}
