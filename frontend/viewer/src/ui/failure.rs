//! What a person can do when there is no answer.

use leptos::prelude::*;

use super::api::Failure;

/// What stands in the place of data until there is some.
#[component]
pub(crate) fn FirstAnswer(failure: Signal<Option<Failure>>) -> impl IntoView {
    move || match failure.get() {
        Some(failure) => view! { <FailureNotice failure /> }.into_any(),
        None => view! { <p class="muted loading" role="status">"Loading …"</p> }.into_any(),
    }
}

#[component]
fn FailureNotice(failure: Failure) -> impl IntoView {
    match failure {
        Failure::NotSignedIn => view! {
            <div class="notice" role="alert">
                <h1>"Sign in to see traces"</h1>
                <p>"Traces may hold what your users do, so they are for administrators. Either"</p>
                <ul>
                    <li><a href="/" rel="external">"sign in to the application"</a>" as an administrator and come back,"</li>
                    <li>
                        "or open the address that the server printed when it started: "
                        <code>"/telemetry/?token=…"</code>
                    </li>
                </ul>
            </div>
        }
        .into_any(),
        Failure::NotFound => view! {
            <div class="notice" role="status">
                <h1>"This trace was not received yet"</h1>
                <p>
                    "Spans are sent in batches, a few seconds after they end. This page asks again every two seconds \
                     and shows the trace as soon as its first span is there."
                </p>
                <p class="muted">"If it stays like this: the trace may be older than what is kept, or not sampled."</p>
                <span class="pulse" aria-hidden="true"></span>
            </div>
        }
        .into_any(),
        Failure::Unreachable => view! {
            <div class="notice" role="alert">
                <h1>"The server does not answer"</h1>
                <p>"Is it running? This page asks again every two seconds."</p>
                <span class="pulse" aria-hidden="true"></span>
            </div>
        }
        .into_any(),
        Failure::Status(status) => view! {
            <div class="notice" role="alert">
                <h1>"The server answered with an error"</h1>
                <p>"Status " <code>{status}</code> ". Its log says more. This page asks again every two seconds."</p>
            </div>
        }
        .into_any(),
        Failure::Unreadable => view! {
            <div class="notice" role="alert">
                <h1>"The answer cannot be read"</h1>
                <p>"What the server answered is not what its API answers. Are the viewer and the server of one version?"</p>
            </div>
        }
        .into_any(),
    }
}

/// When there is something to show, a failure is a line above it.
#[component]
pub(crate) fn FailureLine(failure: Signal<Option<Failure>>) -> impl IntoView {
    let text = move || {
        Some(match failure.get()? {
            Failure::NotSignedIn => {
                "Signed out: what you see is no longer updated. Sign in again and reload."
            }
            Failure::NotFound => "The server no longer keeps this trace.",
            Failure::Unreachable => {
                "The server does not answer: what you see is no longer updated. Asking again …"
            }
            Failure::Status(_) => {
                "The server answered with an error: what you see may be old. Asking again …"
            }
            Failure::Unreadable => "The server's answer cannot be read: what you see may be old.",
        })
    };
    move || text().map(|text| view! { <p class="failure-line" role="status">{text}</p> })
}
