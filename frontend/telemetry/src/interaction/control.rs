//! Which control was used, and what it is called. Never what is written in it or on it.
//!
//! The page's objects are read by name, each call in one way: a method of its own for each would be an import each. And
//! none of it throws: a form's properties are hidden by fields that have their names. What is not there is `undefined` or
//! `null`, which have no attributes and match nothing.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::Event;

use crate::page::{ask, find, is, number, property, text as text_of};

/// What knows what to do with a click or a key: the browser activates it, or it is typed into.
const NATIVE: &str = "button,a[href],input,select,textarea,label,summary,[role=combobox],[role=textbox],\
    [role=searchbox],[role=spinbutton]";

/// What else a click can mean something to. A click elsewhere is no interaction: give the element a role (it needs one
/// for people with a screen reader, too) or `data-trace`. An `option` is its list's.
const ROLES: &str = "[data-trace],[role=button],[role=link],[role=checkbox],[role=radio],[role=switch],[role=tab],\
    [role=option],[role^=menuitem],[role=treeitem],[role=gridcell],[role=row],[role=slider]";

/// What has values in it, not its name: what is typed into, and forms.
const FIELDS: &str = "input,select,textarea,[contenteditable],[role=textbox],[role=searchbox],\
    [role=combobox],[role=spinbutton],form";

/// Where a value is chosen, not typed: a change of it is an interaction.
const CHOICES: &str = "select,input:is([type=checkbox],[type=radio],[type=file],[type=range],[type=color],\
    [type^=date],[type=time],[type=month],[type=week])";

/// The button that Enter in a field activates (HTML, implicit submission).
const DEFAULT_BUTTON: &str =
    "button:not([type]),button[type=submit],input[type=submit],input[type=image]";

/// Whose attribute it is.
enum Of {
    Control,
    Whole,
}

/// What tells a control apart from others, the best first.
const NAMES: &[(Of, &str)] = &[
    (Of::Control, "data-trace"),
    (Of::Whole, "data-trace"),
    (Of::Control, "id"),
    (Of::Control, "name"),
    (Of::Control, "aria-label"),
    (Of::Whole, "id"),
    (Of::Whole, "name"),
    (Of::Whole, "aria-label"),
];

/// `Node.nodeType` of a shadow tree's root.
const FRAGMENT: f64 = 11.0;

/// How a control is called by what is written on it.
pub(crate) type TextOf = fn(&JsValue) -> Option<String>;

/// The control that this click or key is for, else `undefined`.
pub(crate) fn used(event: &Event) -> JsValue {
    let key = property(event, "key");
    if key.is_undefined() {
        of(event)
    } else if (key == "Enter" || key == " ") && !is(event, "repeat") {
        activated(event)
    } else {
        JsValue::UNDEFINED
    }
}

/// The innermost control that the event went to. The path knows what is inside shadow trees, and that an icon in a
/// button is the button's.
fn of(event: &Event) -> JsValue {
    find(&path(event), &mut |node| {
        matches(node, NATIVE) || matches(node, ROLES)
    })
}

/// The control, if a value is chosen with it, whose `change` this is.
pub(crate) fn choice(event: &Event) -> Option<JsValue> {
    Some(of(event)).filter(|control| matches(control, CHOICES))
}

/// The control that has the focus, if it is one by its role only: the browser makes no click of a key on it.
fn activated(keydown: &Event) -> JsValue {
    let focused = property(&path(keydown), "0");
    if matches(&focused, ROLES) && !matches(&focused, NATIVE) && !is(&focused, "isContentEditable")
    {
        focused
    } else {
        JsValue::UNDEFINED
    }
}

/// Calls back with the root of each shadow tree that the event comes out of.
pub(crate) fn each_shadow(event: &Event, hear: fn(&JsValue)) {
    find(&path(event), &mut |node| {
        if number(node, "nodeType") == FRAGMENT {
            hear(node);
        }
        false
    });
}

/// The form that this click sends because Enter was pressed in one of its fields: the browser clicks on its default
/// button, which is not what has the focus. Else `undefined`.
pub(crate) fn form_by_enter(click: &Event, button: &JsValue) -> JsValue {
    let is_by_enter = number(click, "detail") == 0.0
        && is_trusted(click)
        && matches(button, DEFAULT_BUTTON)
        && !matches(button, ":focus");
    object(button, if is_by_enter { "form" } else { "" })
}

/// Whether a person did it.
pub(crate) fn is_trusted(event: &Event) -> bool {
    is(event, "isTrusted")
}

/// Whether the browser loads another page because of this `submit`, unless a listener prevents it. The button by which
/// the form is sent has the last word.
pub(crate) fn is_leaving(submit: &Event) -> bool {
    let (form, button) = (property(submit, "target"), property(submit, "submitter"));
    let is_so = |of_button, is_so_by_button, is_so_by_form| {
        if matches(&button, of_button) {
            matches(&button, is_so_by_button)
        } else {
            matches(&form, is_so_by_form)
        }
    };
    is_trusted(submit)
        && !is_so("[formmethod]", "[formmethod=dialog i]", "[method=dialog i]")
        && !is_so(
            "[formtarget]",
            ":not([formtarget=''],[formtarget=_self i],[formtarget=_parent i],[formtarget=_top i])",
            "[target]:not([target=''],[target=_self i],[target=_parent i],[target=_top i])",
        )
}

/// The name of a control: the first of what tells it apart from others. Of the button by which a form is sent, and the
/// form, if that is `whole`; else that is the control, too.
pub(crate) fn name(control: &JsValue, whole: &JsValue, text: Option<TextOf>) -> String {
    let labelled = labelled(control);
    let (control, whole) = if labelled.is_undefined() {
        (control, whole)
    } else {
        (&labelled, &labelled)
    };
    for (of, name) in NAMES {
        let element = match of {
            Of::Control => control,
            Of::Whole => whole,
        };
        let name = attribute(element, name);
        if name.is_truthy() {
            return string(&name);
        }
    }
    if let Some(text) = text.and_then(|text| text(whole)) {
        return text;
    }
    let role = attribute(whole, "role");
    if role.is_truthy() {
        return string(&role);
    }
    tag_name(whole)
}

/// What is written on a control, one line of it. Not what is in it.
pub(crate) fn text(control: &JsValue) -> Option<String> {
    if matches(control, FIELDS) {
        return None;
    }
    let text = text_of(control, "innerText")?;
    let line = text.trim_ascii().lines().next()?;
    (!line.is_empty()).then(|| line.to_owned())
}

/// The tag, in lower case. Only a form's can be hidden.
pub(crate) fn tag_name(element: &JsValue) -> String {
    string(&property(element, "localName"))
}

/// The button by which a form is sent, or would be.
pub(crate) fn submitter(submit: &Event, form: &JsValue) -> JsValue {
    let button = object(submit, "submitter");
    if button.is_undefined() {
        return ask(form, "querySelector", DEFAULT_BUTTON);
    }
    button
}

/// The control that a label labels; `undefined` for what is no label.
pub(crate) fn labelled(label: &JsValue) -> JsValue {
    object(
        label,
        if matches(label, "label") {
            "control"
        } else {
            ""
        },
    )
}

/// A property that is an object, else `undefined`.
#[inline(never)]
fn object(of: &JsValue, name: &str) -> JsValue {
    let value = property(of, name);
    if value.is_object() {
        value
    } else {
        JsValue::UNDEFINED
    }
}

/// Where the event goes, its target first.
fn path(event: &Event) -> JsValue {
    ask(event.unchecked_ref(), "composedPath", "")
}

fn attribute(element: &JsValue, name: &str) -> JsValue {
    ask(element, "getAttribute", name)
}

#[inline(never)]
fn string(name: &JsValue) -> String {
    name.as_string().unwrap_or_else(|| "form".to_owned())
}

#[inline(never)]
fn matches(element: &JsValue, selector: &str) -> bool {
    ask(element, "matches", selector).is_truthy()
}
