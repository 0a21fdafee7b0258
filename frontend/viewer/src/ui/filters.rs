//! Which traces to list. Every change goes to the address bar at once, and the list follows it.

use std::collections::BTreeSet;
use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use throughline_viewer::route::{Filter, Outcome, Route};

use super::navigation::Navigation;

/// Long enough to type on, short enough not to wait.
const TYPING: Duration = Duration::from_millis(250);

#[component]
pub(crate) fn Filters(filter: Memo<Filter>, services: RwSignal<BTreeSet<String>>) -> impl IntoView {
    let navigation = Navigation::from_context();
    let change = move |change: &dyn Fn(&mut Filter)| {
        let mut filter = filter.get_untracked();
        change(&mut filter);
        navigation.replace(Route::List(filter));
    };
    let name = debounce(TYPING, move |name: String| {
        change(&|filter| filter.name.clone_from(&name));
    });
    let min_duration = debounce(TYPING, move |millis: String| {
        change(&|filter| filter.min_duration_ms = millis.parse().unwrap_or_default());
    });
    let service_options = move || {
        let selected = filter.with(|filter| filter.service.clone());
        let mut names = services.get();
        if !selected.is_empty() {
            names.insert(selected.clone());
        }
        names
            .into_iter()
            .map(|name| {
                let is_selected = name == selected;
                view! { <option value=name selected=is_selected>{name.clone()}</option> }
            })
            .collect_view()
    };
    view! {
        <form class="filters" role="search" aria-label="Traces" on:submit=|event| event.prevent_default()>
            <label>
                <span>"Service"</span>
                <select on:change:target=move |event| change(&|filter| filter.service = event.target().value())>
                    <option value="" selected=move || filter.with(|filter| filter.service.is_empty())>"All services"</option>
                    {service_options}
                </select>
            </label>
            <label class="grow">
                <span>"Name"</span>
                <input
                    type="search"
                    placeholder="Any name"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=move || filter.with(|filter| filter.name.clone())
                    on:input:target={
                        let mut name = name;
                        move |event| name(event.target().value())
                    }
                />
            </label>
            <label>
                <span>"At least"</span>
                <span class="with-unit">
                    <input
                        type="number"
                        min="0"
                        step="1"
                        inputmode="numeric"
                        placeholder="0"
                        prop:value=move || filter.with(|filter| match filter.min_duration_ms {
                            0 => String::new(),
                            millis => millis.to_string(),
                        })
                        on:input:target={
                            let mut min_duration = min_duration;
                            move |event| min_duration(event.target().value())
                        }
                    />
                    "ms"
                </span>
            </label>
            <label class="toggle">
                <input
                    type="checkbox"
                    prop:checked=move || filter.with(|filter| filter.outcome == Outcome::Error)
                    on:change:target=move |event| {
                        let outcome = if event.target().checked() { Outcome::Error } else { Outcome::Any };
                        change(&|filter| filter.outcome = outcome);
                    }
                />
                "Errors only"
            </label>
        </form>
    }
}
