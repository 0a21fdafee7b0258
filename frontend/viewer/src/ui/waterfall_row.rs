//! One span of the waterfall.

use std::sync::Arc;

use leptos::attr::custom::custom_attribute;
use leptos::prelude::*;
use throughline_viewer::duration;
use throughline_viewer::model::Model;
use throughline_viewer::otlp::Id;
use throughline_viewer::tree::Placement;
use web_sys::MouseEvent;

use super::waterfall::{WaterfallState, row_id};
use super::{icons, service};

/// Deeper spans are not moved further to the right: their names would leave the column.
const MOST_INDENT: usize = 24;

/// What a row shows of its span; compared, so that a row changes only when this does.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    name: Arc<str>,
    service: Arc<str>,
    /// The service is another one than that of the row's parent.
    enters_service: bool,
    depth: usize,
    position: usize,
    siblings: usize,
    descendants: usize,
    errors_below: usize,
    is_error: bool,
    placement: Placement,
    left: f64,
    width: f64,
    nanos: u64,
}

impl Row {
    fn of(model: &Model, id: &Id) -> Option<Self> {
        let (index, node, span) = model.find(id)?;
        let service = model.trace.service(span);
        let parent = node.parent.and_then(|parent| model.at(parent));
        Some(Self {
            name: Arc::clone(&span.name),
            enters_service: parent.is_none_or(|(_, parent)| model.trace.service(parent) != service),
            service,
            depth: node.depth,
            position: node.position,
            siblings: node.siblings,
            descendants: node.subtree_end - index - 1,
            errors_below: node.errors_below,
            is_error: span.is_error(),
            placement: node.placement,
            left: model.timeline.left(span.start),
            width: model.timeline.width(span.nanos()),
            nanos: span.nanos(),
        })
    }
}

#[component]
pub(crate) fn WaterfallRow(
    id: Id,
    state: WaterfallState,
    tab_stop: Memo<Option<Id>>,
) -> impl IntoView {
    let id = StoredValue::new(id);
    let is_me = move |other: &Option<Id>| id.with_value(|id| other.as_ref() == Some(id));
    let row = Memo::new(move |_| id.with_value(|id| state.model.with(|model| Row::of(model, id))));
    let fact = move |fact: fn(&Row) -> usize| row.with(|row| row.as_ref().map(fact));
    let is_parent = Memo::new(move |_| fact(|row| row.descendants).unwrap_or_default() > 0);
    let is_collapsed = Memo::new(move |_| {
        is_parent.get()
            && id.with_value(|id| state.collapsed.with(|collapsed| collapsed.contains(id)))
    });
    let is_selected = Memo::new(move |_| state.selected.with(is_me));
    let toggle = move |event: MouseEvent| {
        if is_parent.get_untracked() {
            event.stop_propagation();
            id.with_value(|id| state.toggle(id));
        }
    };
    view! {
        <div
            role="row"
            class="row"
            class:failed=move || row.with(|row| row.as_ref().is_some_and(|row| row.is_error))
            id=id.with_value(row_id)
            data-span-id=id.with_value(Id::to_string)
            aria-posinset=move || fact(|row| row.position)
            aria-setsize=move || fact(|row| row.siblings)
            aria-expanded=move || is_parent.get().then(|| if is_collapsed.get() { "false" } else { "true" })
            aria-selected=move || if is_selected.get() { "true" } else { "false" }
            tabindex=move || if tab_stop.with(is_me) { "0" } else { "-1" }
            on:click=move |_| state.select.run(Some(id.get_value()))
            on:focus=move |_| state.focused.set(Some(id.get_value()))
            {..custom_attribute("aria-level", move || fact(|row| row.depth + 1))}
        >
            {move || row.get().map(|row| view! { <NameCell row=row.clone() is_collapsed toggle /> <BarCell row /> })}
        </div>
    }
}

#[component]
fn NameCell(
    row: Row,
    is_collapsed: Memo<bool>,
    toggle: impl Fn(MouseEvent) + Copy + 'static,
) -> impl IntoView {
    let Row {
        name,
        service,
        enters_service,
        depth,
        descendants,
        errors_below,
        is_error,
        placement,
        ..
    } = row;
    let indent = format!("{}", depth.min(MOST_INDENT));
    let hidden = move || {
        is_collapsed.get().then(|| {
            let errors = (errors_below > 0).then(|| {
                view! { <span class="badge error" title="Errors in hidden spans">{icons::error()}{errors_below}</span> }
            });
            view! { <span class="badge" title="Hidden spans">"+"{descendants}</span> {errors} }
        })
    };
    let note = match placement {
        Placement::Root | Placement::Child => None,
        Placement::ParentNotReceived => Some((
            "parent not received",
            "The span that caused this one has not arrived: it may still be open or not sampled.",
        )),
        Placement::Cycle => Some((
            "its own ancestor",
            "The parents of these spans form a circle.",
        )),
    };
    view! {
        <div role="gridcell" class="name-cell">
            <span class="indent" style=("--depth", indent)></span>
            <span class="twisty" class:leaf=descendants == 0 class:closed=is_collapsed on:click=toggle>
                {(descendants > 0).then(icons::chevron)}
            </span>
            <span class="dot" style=service::hue(&service)></span>
            {is_error.then(|| view! { <span class="error">{icons::error()}"Error"</span> })}
            <span class="name" title=name.to_string()>{name.to_string()}</span>
            {hidden}
            {note.map(|(text, title)| view! { <span class="badge note" title=title>{icons::unlinked()}{text}</span> })}
            <span class="owner" class:sr-only=!enters_service>{service.to_string()}</span>
        </div>
    }
}

#[component]
fn BarCell(row: Row) -> impl IntoView {
    let Row {
        service,
        is_error,
        left,
        width,
        nanos,
        ..
    } = row;
    view! {
        <div role="gridcell" class="bar-cell">
            <span
                class="bar"
                class:failed=is_error
                style=service::hue(&service)
                style:left=format!("{left:.3}%")
                style:width=format!("{width:.3}%")
            ></span>
            <span class="label" style:left=format!("{:.3}%", left + width)>{duration::format(nanos)}</span>
        </div>
    }
}
