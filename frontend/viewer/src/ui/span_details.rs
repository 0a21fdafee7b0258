//! Everything that is known of one span, in a panel beside the waterfall.

use std::sync::Arc;

use leptos::prelude::*;
use throughline_viewer::duration;
use throughline_viewer::model::Model;
use throughline_viewer::otlp::{Event, Id, Link, Scope, Span, Status};
use throughline_viewer::route::Route;

use super::copy::Copy;
use super::service::Service;
use super::span_attributes::{Attributes, SearchableAttributes};
use super::waterfall::focus_row;
use super::{clock, icons};

#[component]
pub(crate) fn SpanDetails(
    model: Signal<Arc<Model>>,
    span: Id,
    select: Callback<Option<Id>>,
) -> impl IntoView {
    let id = span.clone();
    let here = Memo::new(move |_| {
        model.with(|model| {
            let (_, _, span) = model.find(&id)?;
            Some((
                span.clone(),
                model.trace.resource(span)?.clone(),
                model.trace.scope(span)?.clone(),
            ))
        })
    });
    let id = StoredValue::new(span.clone());
    let close = move || {
        let span = id.get_value();
        select.run(None);
        focus_row(&span);
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            close();
        }
    };
    view! {
        <aside class="details" aria-label="Span details" on:keydown=on_key>
            <button type="button" class="close" aria-label="Close details" title="Close (Esc)" on:click=move |_| close()>
                {icons::close()}
            </button>
            {move || match here.get() {
                None => view! {
                    <h2>"This span was not received yet"</h2>
                    <p class="muted">"The link names the span " <code>{span.to_string()}</code> ". It appears here when it arrives."</p>
                }
                .into_any(),
                Some((span, resource, scope)) => {
                    let origin = model.with_untracked(|model| model.timeline.start);
                    view! {
                        <Heading span=span.clone() service=resource.service origin />
                        <Failed status=span.status.clone() />
                        <section>
                            <SearchableAttributes title="Attributes" attributes=span.attributes.clone() />
                        </section>
                        <Events events=span.events.clone() start=span.start />
                        <Links links=span.links.clone() />
                        <details>
                            <summary>"Resource"</summary>
                            <Attributes attributes=resource.attributes />
                        </details>
                        <details>
                            <summary>"Scope and ids"</summary>
                            <Identity span scope />
                        </details>
                    }
                    .into_any()
                }
            }}
        </aside>
    }
}

#[component]
fn Heading(span: Span, service: Arc<str>, origin: u64) -> impl IntoView {
    view! {
        <h2>{span.name.to_string()}</h2>
        <p class="tags">
            <Service name=&*service />
            <span class="tag">{span.kind.name()}</span>
        </p>
        <dl class="facts">
            <div>
                <dt>"Duration"</dt>
                <dd>{duration::format(span.nanos())}</dd>
            </div>
            <div>
                <dt>"Start"</dt>
                <dd title=clock::exact(span.start)>{duration::format_offset(span.start, origin)}</dd>
            </div>
            <div>
                <dt>"Status"</dt>
                <dd>
                    {match span.status {
                        Status::Unset => view! { <span class="muted">"Unset"</span> }.into_any(),
                        Status::Ok => view! { <span class="ok">{icons::check()}"Ok"</span> }.into_any(),
                        Status::Error(_) => view! { <span class="error">{icons::error()}"Error"</span> }.into_any(),
                    }}
                </dd>
            </div>
        </dl>
    }
}

#[component]
fn Failed(status: Status) -> impl IntoView {
    match status {
        Status::Error(message) if !message.is_empty() => {
            Some(view! { <p class="message">{icons::error()}<span>{message}</span></p> })
        }
        Status::Error(_) | Status::Unset | Status::Ok => None,
    }
}

#[component]
fn Events(events: Vec<Event>, start: u64) -> impl IntoView {
    let count = events.len();
    let event = |event: Event| {
        let is_error = event.name == "exception";
        view! {
            <li>
                <p class="event" class:error=is_error>
                    {is_error.then(icons::error)}
                    <strong>{event.name}</strong>
                    <time datetime=clock::iso(event.time) title=clock::exact(event.time)>
                        {duration::format_offset(event.time, start)}
                    </time>
                </p>
                <Attributes attributes=event.attributes />
            </li>
        }
    };
    (count > 0).then(|| {
        view! {
            <section>
                <h3>"Events" <span class="count">{count}</span></h3>
                <ol class="events">{events.into_iter().map(event).collect_view()}</ol>
            </section>
        }
    })
}

#[component]
fn Links(links: Vec<Link>) -> impl IntoView {
    let count = links.len();
    let link = |link: Link| {
        let text = link.span_id.as_ref().unwrap_or(&link.trace_id).to_string();
        let href = Route::Trace {
            trace: link.trace_id,
            span: link.span_id,
        }
        .href();
        view! {
            <li>
                <a href=href><code>{text}</code></a>
                <Attributes attributes=link.attributes />
            </li>
        }
    };
    (count > 0).then(|| {
        view! {
            <section>
                <h3>"Links" <span class="count">{count}</span></h3>
                <ul class="links">{links.into_iter().map(link).collect_view()}</ul>
            </section>
        }
    })
}

#[component]
fn Identity(span: Span, scope: Scope) -> impl IntoView {
    let parent = span
        .parent
        .as_ref()
        .map_or("none: a root".into(), Id::to_string);
    let dropped = (span.dropped > 0).then(|| span.dropped.to_string());
    let facts = [
        ("scope", scope.name),
        ("scope version", scope.version),
        ("span id", span.span_id.to_string()),
        ("parent span id", parent),
        ("trace id", span.trace_id.to_string()),
        ("tracestate", span.trace_state),
        ("start", clock::exact(span.start)),
        ("end", clock::exact(span.end)),
        ("dropped by the reporter", dropped.unwrap_or_default()),
    ];
    let fact = |(key, value): (&'static str, String)| {
        view! {
            <tr>
                <th scope="row">{key}</th>
                <td><span class="value">{value.clone()}</span><Copy value what=key /></td>
            </tr>
        }
    };
    let known = facts.into_iter().filter(|(_, value)| !value.is_empty());
    view! {
        <table class="attributes"><tbody>{known.map(fact).collect_view()}</tbody></table>
        <Attributes attributes=scope.attributes />
    }
}
