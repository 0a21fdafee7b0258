//! Default headers of a client that are not for every origin.

use super::redirect::OF_THE_ORIGIN;
use ::reqwest::Client;
use http::HeaderName;

/// The names of a client's default headers that another origin must not be told: those of credentials, and those that are
/// marked as sensitive.
///
/// reqwest puts its default headers into every request that lacks them, so into each hop of a redirect, and shows them as
/// debug output only. Should it not do so any more, every name of credentials is taken for a default one.
pub(super) fn of_the_origin(client: &Client) -> Vec<HeaderName> {
    let shown = format!("{client:?}");
    let is_unknown = !shown.contains("default_headers: {");
    let listed = OF_THE_ORIGIN
        .into_iter()
        .filter(|name| is_unknown || shown.contains(&format!("\"{name}\": ")));
    let marked = shown.match_indices("\": Sensitive").filter_map(|(at, _)| {
        let name = shown.get(..at)?.rsplit('"').next()?;
        name.parse().ok()
    });
    listed.chain(marked).collect()
}
