//! One line of the trace list.

use leptos::prelude::*;
use throughline_viewer::duration;
use throughline_viewer::layout::Timeline;
use throughline_viewer::route::Route;
use throughline_viewer::summary::Summary;

use super::service::{self, Service};
use super::{clock, icons};

/// As many as fit on one line; the trace itself shows all.
const MOST_SERVICES: usize = 4;

#[component]
pub(crate) fn TraceRow(trace: Summary, longest: Memo<u64>, now: RwSignal<u64>) -> impl IntoView {
    let Summary {
        trace_id,
        root_name,
        root_service,
        start,
        nanos,
        span_count,
        error_count,
        services,
    } = trace;
    let href = Route::Trace {
        trace: trace_id,
        span: None,
    }
    .href();
    let name = if root_name.is_empty() {
        "(root not received yet)".into()
    } else {
        root_name
    };
    let width = move || {
        format!(
            "{:.2}%",
            Timeline {
                start: 0,
                end: longest.get()
            }
            .width(nanos)
        )
    };
    // The root's service first: it is where the trace began.
    let others = services
        .into_iter()
        .filter(|service| *service != root_service);
    let root = Some(root_service.clone()).filter(|service| !service.is_empty());
    let mut services: Vec<_> = root.into_iter().chain(others).collect();
    let unnamed = services.split_off(services.len().min(MOST_SERVICES));
    let more = (!unnamed.is_empty()).then(|| {
        view! { <span class="badge" title=unnamed.join(", ")>"+"{unnamed.len()}</span> }
    });
    view! {
        <tr class:failed=move || error_count != 0>
            <th scope="row">
                <a href=href style=service::hue(&root_service)>{name}</a>
            </th>
            <td class="wide">
                <span class="services">
                    {services.into_iter().map(|name| view! { <Service name /> }).collect_view()}
                    {more}
                </span>
            </td>
            <td class="duration">
                <span class="track"><span class="bar" style=service::hue(&root_service) style:width=width></span></span>
                <span class="value">{duration::format(nanos)}</span>
            </td>
            <td class="number">{span_count}</td>
            <td>{(error_count != 0).then(|| view! { <Errors count=error_count /> })}</td>
            <td class="number">
                <time datetime=clock::iso(start) title=clock::exact(start)>
                    {move || duration::format_ago(start, now.get())}
                </time>
            </td>
        </tr>
    }
}

#[component]
fn Errors(count: u64) -> impl IntoView {
    view! {
        <span class="error">
            {icons::error()}
            {count}
            {if count == 1 { " error" } else { " errors" }}
        </span>
    }
}
