//! The waterfall: spans as rows of an ARIA treegrid over a time axis.

use std::collections::HashSet;
use std::sync::Arc;

use leptos::prelude::*;
use throughline_viewer::keyboard::{self, Action};
use throughline_viewer::layout::Tick;
use throughline_viewer::model::Model;
use throughline_viewer::otlp::Id;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, ScrollIntoViewOptions, ScrollLogicalPosition};

use super::waterfall_row::WaterfallRow;

/// As many labels as fit beside each other on a narrow screen.
const MOST_TICKS: u64 = 6;

/// What the rows share.
#[derive(Clone, Copy)]
pub(crate) struct WaterfallState {
    pub(crate) model: Signal<Arc<Model>>,
    pub(crate) collapsed: RwSignal<HashSet<Id>>,
    pub(crate) selected: Memo<Option<Id>>,
    pub(crate) select: Callback<Option<Id>>,
    /// The row that had the focus last.
    pub(crate) focused: RwSignal<Option<Id>>,
}

#[component]
pub(crate) fn Waterfall(
    model: Signal<Arc<Model>>,
    selected: Memo<Option<Id>>,
    select: Callback<Option<Id>>,
) -> impl IntoView {
    let state = WaterfallState {
        model,
        collapsed: RwSignal::default(),
        selected,
        select,
        focused: RwSignal::new(None),
    };
    state.reveal_linked_span();
    let visible = Memo::new(move |_| state.visible());
    let tab_stop = Memo::new(move |_| {
        let wanted = state.focused.get();
        visible.with(|rows| {
            wanted
                .filter(|id| rows.contains(id))
                .or_else(|| rows.first().cloned())
        })
    });
    view! {
        <section class="waterfall" aria-label="Waterfall">
            <div class="axis">
                <div class="axis-name">
                    <h2>"Spans"</h2>
                    <button
                        type="button"
                        class="link"
                        on:click=move |_| state.collapsed.set(HashSet::new())
                        disabled=move || state.collapsed.with(HashSet::is_empty)
                    >
                        "Expand all"
                    </button>
                    <button type="button" class="link" on:click=move |_| state.collapse_all()>
                        "Collapse all"
                    </button>
                </div>
                <div class="axis-ticks" aria-hidden="true"><Ticks model /></div>
            </div>
            <div class="rows">
                <div class="grid-lines" aria-hidden="true"><Ticks model /></div>
                <div
                    role="treegrid"
                    aria-label="Spans of the trace"
                    aria-readonly="true"
                    on:keydown=move |event| state.press(&event)
                >
                    <For each=move || visible.get() key=Clone::clone let:id>
                        <WaterfallRow id state tab_stop />
                    </For>
                </div>
            </div>
        </section>
    }
}

/// The same marks twice: with their labels on the axis, as lines behind the rows.
#[component]
fn Ticks(model: Signal<Arc<Model>>) -> impl IntoView {
    let ticks = Memo::new(move |_| model.with(|model| model.timeline.ticks(MOST_TICKS)));
    let tick = |Tick { percent, label }: Tick| {
        view! { <span class="tick" style:left=format!("{percent:.3}%")>{label}</span> }
    };
    move || ticks.get().into_iter().map(tick).collect_view()
}

// === impl WaterfallState ===

impl WaterfallState {
    pub(crate) fn toggle(self, id: &Id) {
        if self
            .collapsed
            .with_untracked(|collapsed| collapsed.contains(id))
        {
            self.expand(id);
        } else {
            self.collapse(id);
        }
    }

    fn visible(self) -> Vec<Id> {
        self.collapsed.with(|collapsed| {
            self.model.with(|model| {
                let rows = model.visible_rows(collapsed).into_iter();
                rows.filter_map(|index| Some(model.at(index)?.1.span_id.clone()))
                    .collect()
            })
        })
    }

    fn expand(self, id: &Id) {
        self.collapsed.update(|collapsed| {
            collapsed.remove(id);
        });
    }

    /// The focus does not stay on a row that is hidden.
    fn collapse(self, id: &Id) {
        let model = self.model.get_untracked();
        if self
            .focused
            .get_untracked()
            .is_some_and(|focused| model.ancestors(&focused).contains(&id))
        {
            self.focused.set(Some(id.clone()));
        }
        self.collapsed.update(|collapsed| {
            collapsed.insert(id.clone());
        });
    }

    fn collapse_all(self) {
        let model = self.model.get_untracked();
        self.collapsed.set(model.parents().cloned().collect());
    }

    fn press(self, event: &KeyboardEvent) {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        if event.key() == "Escape" {
            self.select.run(None);
            return;
        }
        let Some(focused) = self.focused.get_untracked() else {
            return;
        };
        let model = self.model.get_untracked();
        let action = self.collapsed.with_untracked(|collapsed| {
            keyboard::action(&model, collapsed, &focused, &event.key())
        });
        let Some(action) = action else { return };
        event.prevent_default();
        match action {
            Action::Focus(id) => focus_row(&id),
            Action::Collapse(id) => self.collapse(&id),
            Action::Expand(id) => self.expand(&id),
            Action::Select(id) => self.select.run(Some(id)),
        }
    }

    /// A link may name a span far down, in a collapsed part, or still on its way. A span that was selected in the
    /// waterfall has the focus already, and nothing moves.
    fn reveal_linked_span(self) {
        Effect::new(move |revealed: Option<Option<Id>>| {
            let selected = self.selected.get()?;
            let is_here = self.model.with(|model| model.find(&selected).is_some());
            let is_known = revealed.flatten().as_ref() == Some(&selected)
                || self.focused.get_untracked().as_ref() == Some(&selected);
            if is_here && !is_known {
                self.reveal(&selected);
            }
            is_here.then_some(selected)
        });
    }

    fn reveal(self, span: &Id) {
        let model = self.model.get_untracked();
        let ancestors = model.ancestors(span);
        if self
            .collapsed
            .with_untracked(|collapsed| ancestors.iter().any(|id| collapsed.contains(id)))
        {
            self.collapsed
                .update(|collapsed| collapsed.retain(|id| !ancestors.contains(&id)));
        }
        self.focused.set(Some(span.clone()));
        let span = span.clone();
        request_animation_frame(move || scroll_to_row(&span));
    }
}

/// The `id` attribute of the row of a span.
pub(crate) fn row_id(span: &Id) -> String {
    format!("span-{span}")
}

fn row(span: &Id) -> Option<HtmlElement> {
    document().get_element_by_id(&row_id(span))?.dyn_into().ok()
}

/// Where the keyboard goes on when the details are closed, too.
pub(crate) fn focus_row(span: &Id) {
    if let Some(row) = row(span) {
        let _ = row.focus();
    }
}

fn scroll_to_row(span: &Id) {
    if let Some(row) = row(span) {
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Nearest);
        row.scroll_into_view_with_scroll_into_view_options(&options);
    }
}
