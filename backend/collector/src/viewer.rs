//! Hosts the viewer: its pages, built into the program, and its API, behind [`Access`].

mod assets;
mod page;

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;
use tower_http::compression::CompressionLayer;

use crate::{
    Access,
    api::{self, Problem},
    store::Store,
};

/// The parameter of a link that holds the token.
const TOKEN: &str = "token";

/// Where the viewer is: its pages name their files by it, and its cookie is for it.
const HOME: &str = "/telemetry";

/// Pages and API.
pub(crate) fn router(store: Store, access: Access) -> Router {
    let access = Arc::new(access);
    let guard = middleware::from_fn_with_state(Arc::clone(&access), guard_api);
    Router::new()
        .nest_service("/telemetry/api", api::router(store).layer(guard))
        .route(HOME, any(pages))
        .route("/telemetry/", any(pages))
        .route("/telemetry/{*path}", any(pages))
        .with_state(access)
        .layer(middleware::map_response(harden))
        .layer(CompressionLayer::new())
}

async fn guard_api(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = if access.allows(&parts).await {
        next.run(Request::from_parts(parts, body)).await
    } else {
        Problem::unauthorized().into_response()
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn pages(State(access): State<Arc<Access>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return (
            StatusCode::METHOD_NOT_ALLOWED,
            [(header::ALLOW, "GET, HEAD")],
        )
            .into_response();
    }
    // The same for everybody, and no secret: only the page that shows something is guarded.
    let path = parts.uri.path();
    if let Some(asset) = assets::find(path.strip_prefix(HOME).unwrap_or(path)) {
        return asset.response(&parts.headers);
    }
    if let Some((token, clean)) = take_token(&parts.uri) {
        return if is_token(&access, &token) {
            enter(&access, &parts.headers, &clean)
        } else {
            page::locked("This token is not valid (any more).").into_response()
        };
    }
    if access.allows(&parts).await {
        page::viewer().into_response()
    } else {
        page::locked("You are not signed in.").into_response()
    }
}

/// Whether a link holds the token. One that somebody chose may have letters that a link has as they are, percent-encoded,
/// or as forms write them.
fn is_token(access: &Access, text: &str) -> bool {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    access.is_token(text)
        || access.is_token(&decoded(text))
        || access.is_token(&decoded(&text.replace('+', " ")))
}

/// The token for a session, and the address without it.
fn enter(access: &Access, headers: &HeaderMap, clean: &str) -> Response {
    let cookie = match access.sessions().begin(headers, Instant::now()) {
        Ok(cookie) => cookie,
        Err(error) => {
            tracing::error!(%error, "no session could be made");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let headers = [
        (header::LOCATION, clean),
        (header::SET_COOKIE, cookie.as_str()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// The token in the query, and path and query without it.
fn take_token(uri: &Uri) -> Option<(String, String)> {
    let pairs = uri
        .query()?
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (tokens, rest): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| *name == TOKEN);
    let (_, token) = tokens.first()?;
    let mut clean = uri.path().to_owned(); // it begins with HOME: it cannot lead to another host
    for (index, (name, value)) in rest.iter().enumerate() {
        clean.push(if index == 0 { '?' } else { '&' });
        clean.push_str(name);
        clean.push('=');
        clean.push_str(value);
    }
    Some(((*token).to_owned(), clean))
}

async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let set = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The first request may have the token in its address.
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in set {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_any_letters_is_found_in_a_link_however_it_is_written() {
        let access = Access::token("a+b/c= %é");
        for text in ["a%2Bb/c=%20%25%C3%A9", "a%2Bb%2Fc%3D+%25%c3%a9"] {
            assert!(is_token(&access, text), "{text}");
        }
        assert!(is_token(&Access::token("a+b%41"), "a+b%41"));
        assert!(!is_token(&access, "a%2Bb/c="));
        assert!(!is_token(&Access::token(""), ""));
    }
}
