//! HTML, with a policy that lets nothing run but what was built in.

use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use super::assets;

const NOT_BUILT: &str = "<h1>The viewer was not built</h1>
<p>Run <code>cargo xtask run</code> in the folder of the source: it builds the pages and starts the server.</p>
<p>The API is there all the same: <a href=\"/telemetry/api/traces\">/telemetry/api/traces</a>.</p>";

/// A page and its status.
pub(super) struct Page {
    status: StatusCode,
    html: String,
}

/// The viewer: for every address in it, since it finds its way by itself.
pub(super) fn viewer() -> Page {
    match assets::index() {
        Some(html) => Page {
            status: StatusCode::OK,
            html,
        },
        None => Page {
            status: StatusCode::OK,
            html: document(NOT_BUILT),
        },
    }
}

/// Says how to get in.
pub(super) fn locked(why: &str) -> Page {
    let html = document(&format!(
        "<h1>Traces are not public</h1>
<p>{why}</p>
<p>Sign in to the application as an administrator, or open the link with the token that the server printed when it
started: <code>/telemetry/?token=…</code>. It is also in the file <code>telemetry-token</code> in the data folder of
the server, or in its setting <code>TELEMETRY_TOKEN</code>.</p>"
    ));
    Page {
        status: StatusCode::UNAUTHORIZED,
        html,
    }
}

fn document(body: &str) -> String {
    format!(
        "<!doctype html>
<html lang=\"en\">
<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\"><title>Throughline</title></head>
<body><main>
{body}
</main></body>
</html>
"
    )
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let policy = content_security_policy(&self.html);
        let content_type = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        let mut response = (self.status, content_type, self.html).into_response();
        let headers = response.headers_mut();
        // A page that was left by its reader must not come back from the cache to another.
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-cache, private"),
        );
        if let Ok(policy) = HeaderValue::try_from(policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// Scripts: from here, and the inline ones of this page by their hashes (trunk writes one that starts the WebAssembly).
fn content_security_policy(html: &str) -> String {
    let mut scripts = String::from("'self' 'wasm-unsafe-eval'");
    for script in inline_scripts(html) {
        let hash = STANDARD.encode(Sha256::digest(script));
        scripts.push_str(&format!(" 'sha256-{hash}'"));
    }
    format!(
        "default-src 'self'; script-src {scripts}; style-src 'self'; object-src 'none'; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The text of each `<script>` without `src`. Enough for a page that we built ourselves.
fn inline_scripts(html: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("<script") {
        let Some((attributes, after)) = after.split_once('>') else {
            break;
        };
        let Some((text, after)) = after.split_once("</script>") else {
            break;
        };
        if !attributes.contains("src=") && !text.is_empty() {
            scripts.push(text);
        }
        rest = after;
    }
    scripts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_inline_scripts_of_the_page() {
        let html = r#"<script src="/a.js"></script><script type="module">alert(1)</script>"#;
        assert_eq!(inline_scripts(html), ["alert(1)"]);
        let policy = content_security_policy(html);
        let hash = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='";
        assert!(
            policy.contains(&format!("script-src 'self' 'wasm-unsafe-eval' {hash};")),
            "{policy}"
        );
    }
}
