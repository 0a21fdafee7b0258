//! Asking the API, and what may come back instead of an answer.

use gloo_net::http::Request;
use leptos::prelude::*;

/// Why there is no answer. Each is explained to the person by `failure.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// 401 or 403: not signed in, or not as an administrator.
    NotSignedIn,
    /// 404: not received yet, or no longer kept.
    NotFound,
    /// Any other status.
    Status(u16),
    /// No server answered.
    Unreachable,
    /// The answer was not what the API answers.
    Unreadable,
}

/// The text that is answered with a status of success.
pub(crate) async fn get(url: &str) -> Result<String, Failure> {
    let request = Request::get(url).header("accept", "application/json");
    let response = request.send().await.map_err(|_| Failure::Unreachable)?;
    match response.status() {
        200..300 => response.text().await.map_err(|_| Failure::Unreachable),
        401 | 403 => Err(Failure::NotSignedIn),
        404 => Err(Failure::NotFound),
        // What a development proxy answers when nothing is behind it.
        502..=504 => Err(Failure::Unreachable),
        status => Err(Failure::Status(status)),
    }
}

/// The same failure again is no news: what explains it stays, and is not read out every two seconds.
pub(crate) fn report(failure: RwSignal<Option<Failure>>, latest: Option<Failure>) {
    if failure.get_untracked() != latest {
        failure.set(latest);
    }
}
