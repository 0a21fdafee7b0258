//! The files of the built viewer. A release build holds them; a debug build reads them from the folder each time.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../dist/viewer/"]
#[allow_missing = true]
struct Dist;

const INDEX: &str = "index.html";

/// A file that belongs to a page.
pub(super) struct Asset {
    path: String,
    file: EmbeddedFile,
}

/// The file at a path, unless it is the page itself.
pub(super) fn find(path: &str) -> Option<Asset> {
    let path = path.trim_start_matches('/');
    if path == INDEX {
        return None;
    }
    Dist::get(path).map(|file| Asset {
        path: path.to_owned(),
        file,
    })
}

/// The page, where it was built.
pub(super) fn index() -> Option<String> {
    String::from_utf8(Dist::get(INDEX)?.data.into_owned()).ok()
}

impl Asset {
    pub(super) fn response(self, request: &HeaderMap) -> Response {
        let etag = format!(
            "\"{}\"",
            crate::hex::encode(&self.file.metadata.sha256_hash())
        );
        let caching = if is_hashed(&self.path) {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        let headers = [
            (header::CACHE_CONTROL, caching),
            (header::ETAG, etag.as_str()),
        ];
        let known = request.get_all(header::IF_NONE_MATCH).iter();
        // Compression makes the tag a weak one; it is compared as one.
        let is_known = known
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|tag| tag.trim().trim_start_matches("W/") == etag);
        if is_known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let content_type = mime_guess::from_path(&self.path).first_or_octet_stream();
        let content_type = match content_type.type_() {
            mime_guess::mime::TEXT => format!("{content_type}; charset=utf-8"),
            _ => content_type.to_string(),
        };
        let body = Body::from(self.file.data.into_owned());
        ([(header::CONTENT_TYPE, content_type)], headers, body).into_response()
    }
}

/// Trunk names what it builds `name-<hash>.js`, `name-<hash>_bg.wasm`.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    stem.rsplit('-').next().is_some_and(|end| {
        let hash = end.strip_suffix("_bg").unwrap_or(end);
        hash.len() >= 8 && hash.len() < stem.len() && hash.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_hash_in_its_name_is_kept_for_ever() {
        assert!(is_hashed("throughline-viewer-0123456789abcdef_bg.wasm"));
        assert!(is_hashed("style-89abcdef01234567.css"));
        assert!(!is_hashed("favicon.svg"));
        assert!(!is_hashed("deadbeef.js"));
        assert!(!is_hashed("index.html"));
    }
}
