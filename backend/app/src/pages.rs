//! The front end, embedded in the binary, and the headers that it is served with.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};

/// What `cargo xtask` built. Debug builds read it from the disk, at each request.
#[derive(RustEmbed)]
#[folder = "../../dist/app/"]
#[allow_missing = true]
struct Dist;

/// Trunk puts a hash of the content into each file name but that of the page.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

const NOT_BUILT: &str = include_str!("pages/not_built.html");

/// What the page learns from the server that serves it.
#[derive(Clone, Debug)]
pub(crate) struct PageSettings {
    /// What the provider is called that one can sign in with.
    pub(crate) provider: Option<String>,
}

/// The paths of the files that the page loads. They are not traced: they would bury the traces of what people do.
pub fn asset_paths() -> impl Iterator<Item = String> {
    Dist::iter()
        .filter(|name| name != "index.html")
        .map(|name| format!("/{name}"))
}

/// A file of the front end, or the page: which address shows what is for the front end to decide.
pub(crate) async fn serve(State(settings): State<PageSettings>, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    match Dist::get(path) {
        Some(file) if path != "index.html" => asset(path, file),
        // A file that is not there must not be answered with the page: it would be run as a script, or cached.
        None if path.contains('.') => StatusCode::NOT_FOUND.into_response(),
        _ => page(&settings),
    }
}

fn asset(path: &str, file: EmbeddedFile) -> Response {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let headers = [(header::CONTENT_TYPE, kind.as_ref().to_owned())];
    (
        headers,
        [(header::CACHE_CONTROL, FOR_EVER)],
        Body::from(file.data),
    )
        .into_response()
}

fn page(settings: &PageSettings) -> Response {
    let (status, html) = match Dist::get("index.html") {
        Some(file) => (
            StatusCode::OK,
            settings.write_into(&String::from_utf8_lossy(&file.data)),
        ),
        None => (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT.to_owned()),
    };
    let policy = content_security_policy(&html);
    let headers = [
        (header::CACHE_CONTROL, ASK_EACH_TIME),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (status, headers, Html(html)).into_response()
}

// === impl PageSettings ===

impl PageSettings {
    fn write_into(&self, html: &str) -> String {
        let Some(name) = &self.provider else {
            return html.to_owned();
        };
        let mut tag = r#"<meta name="sign-in-provider" content=""#.to_owned();
        for c in name.chars() {
            match c {
                '&' => tag.push_str("&amp;"),
                '"' => tag.push_str("&quot;"),
                '<' => tag.push_str("&lt;"),
                c => tag.push(c),
            }
        }
        html.replacen("</head>", &format!("{tag}\"></head>"), 1)
    }
}

/// Allows what comes from this server, WebAssembly, and the very scripts that are written into the page.
fn content_security_policy(html: &str) -> HeaderValue {
    let hashes: String = inline_scripts(html)
        .map(|script| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script))))
        .collect();
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// The text of each `<script>` element without `src`. The page is Trunk's, so no more of HTML needs to be known.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (script, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=")).then_some(script)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_allowed_by_their_hash() {
        let html = r#"<script src="/a.js"></script><script type="module">alert('Hello, world.');</script>"#;
        let policy = content_security_policy(html);
        let policy = policy.to_str().unwrap();
        // The example of the Content Security Policy specification, 2.3.1.
        let hash = "script-src 'self' 'wasm-unsafe-eval' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=';";
        assert!(policy.contains(hash), "{policy}");
    }

    #[test]
    fn the_page_learns_what_the_provider_is_called_and_nothing_else_is_written_into_it() {
        let settings = |provider: Option<&str>| PageSettings {
            provider: provider.map(str::to_owned),
        };
        let html = "<head></head>";
        assert_eq!(settings(None).write_into(html), html);
        assert_eq!(
            settings(Some(r#"A&B"><script>"#)).write_into(html),
            r#"<head><meta name="sign-in-provider" content="A&amp;B&quot;>&lt;script>"></head>"#
        );
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_not_answered_with_the_page() {
        let response = serve(
            State(PageSettings { provider: None }),
            Uri::from_static("/old-0123456789abcdef_bg.wasm"),
        )
        .await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
}
