//! Attributes as a table: each value can be copied, and long tables can be searched.

use leptos::prelude::*;
use throughline_viewer::otlp::Attribute;

use super::copy::Copy;

/// From here on a table is easier to search than to read.
const WORTH_SEARCHING: usize = 8;

#[component]
pub(crate) fn Attributes(attributes: Vec<Attribute>) -> impl IntoView {
    (!attributes.is_empty()).then(|| {
        view! {
            <table class="attributes">
                <tbody>
                    {attributes.into_iter().map(|attribute| view! { <Row attribute /> }).collect_view()}
                </tbody>
            </table>
        }
    })
}

#[component]
pub(crate) fn SearchableAttributes(
    title: &'static str,
    attributes: Vec<Attribute>,
) -> impl IntoView {
    let count = attributes.len();
    let search = RwSignal::new(String::new());
    let matching = move || {
        let wanted = search.get().to_lowercase();
        let is_wanted = |attribute: &&Attribute| {
            attribute.key.to_lowercase().contains(&wanted)
                || attribute.value.to_string().to_lowercase().contains(&wanted)
        };
        let matching: Vec<_> = attributes.iter().filter(is_wanted).cloned().collect();
        view! { <Attributes attributes=matching /> }
    };
    view! {
        <div class="section-head">
            <h3>{title} <span class="count">{count}</span></h3>
            {(count >= WORTH_SEARCHING).then(|| view! {
                <input
                    type="search"
                    aria-label="Search attributes"
                    placeholder="Search"
                    spellcheck="false"
                    on:input:target=move |event| search.set(event.target().value())
                />
            })}
        </div>
        {matching}
    }
}

#[component]
fn Row(attribute: Attribute) -> impl IntoView {
    let Attribute { key, value } = attribute;
    let text = value.to_string();
    view! {
        <tr>
            <th scope="row">{breakable(&key)}</th>
            <td>
                <span class="value" data-type=value.type_name() title=value.type_name()>{text.clone()}</span>
                <Copy value=text what=key />
            </td>
        </tr>
    }
}

/// A key may be broken after its dots, where a reader would break it.
fn breakable(key: &str) -> impl IntoView + use<> {
    let parts: Vec<_> = key.split_inclusive('.').map(ToOwned::to_owned).collect();
    parts
        .into_iter()
        .map(|part| view! { {part} <wbr /> })
        .collect_view()
}
