//! How to see a first trace: shown while there is none.

use leptos::prelude::*;

use super::copy::Copy;

const SETTINGS: &str =
    "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf";

const CURL: &str = r#"now=$(date +%s)
curl http://127.0.0.1:4318/v1/traces -H 'content-type: application/json' -d '{"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hello"}}]},
  "scopeSpans":[{"spans":[{"traceId":"'$(openssl rand -hex 16)'","spanId":"'$(openssl rand -hex 8)'",
    "name":"my first span","kind":1,
    "startTimeUnixNano":"'$now'000000000","endTimeUnixNano":"'$now'250000000"}]}]}]}'"#;

#[component]
pub(crate) fn SendFirst() -> impl IntoView {
    view! {
        <div class="notice">
            <h1>"No traces yet"</h1>
            <p>"This page shows each trace as it arrives. Three ways to send a first one:"</p>
            <ol>
                <li><p>"Use the application that this viewer came with: every click is a trace."</p></li>
                <li>
                    <p>"Point any OpenTelemetry SDK at this receiver:"</p>
                    <Snippet text=SETTINGS what="settings" />
                </li>
                <li>
                    <p>"Or send one by hand:"</p>
                    <Snippet text=CURL what="command" />
                </li>
            </ol>
        </div>
    }
}

#[component]
fn Snippet(text: &'static str, what: &'static str) -> impl IntoView {
    view! {
        <div class="snippet">
            <pre tabindex="0">{text}</pre>
            <Copy value=text what />
        </div>
    }
}
