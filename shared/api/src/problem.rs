//! What went wrong, as RFC 9457 writes it.

use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The [kind](Problem::kind) of a 401 that `POST /api/v1/auth/refresh` may mend: the access token has expired, but there
/// is a refresh token.
pub const SESSION_EXPIRED: &str = "urn:problem-type:session-expired";

/// A problem document (RFC 9457). Every error of the API is one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// The kind of problem. `about:blank` says that [`status`](Self::status) tells all (RFC 9457, 4.2.1).
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    /// The kind in a few words; the same for every problem of the kind.
    pub title: String,
    /// The status code of the response.
    pub status: u16,
    /// What is wrong with this request, and what can be done: fit to be shown to a person.
    #[serde(default)]
    pub detail: String,
}

fn about_blank() -> String {
    "about:blank".to_owned()
}

// === impl Problem ===

impl Problem {
    /// A problem of which the status code tells the kind.
    pub fn new(status: u16, title: impl Into<String>, detail: impl Into<String>) -> Problem {
        Problem {
            kind: about_blank(),
            title: title.into(),
            status,
            detail: detail.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_the_members_of_rfc_9457() {
        let problem = Problem::new(401, "Unauthorized", "Wrong e-mail address or password.");
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Wrong e-mail address or password."}"#,
        );
    }

    #[test]
    fn a_problem_without_type_and_detail_is_read() {
        let problem: Problem =
            serde_json::from_str(r#"{"title":"Unauthorized","status":401}"#).unwrap();
        assert_eq!(problem.kind, "about:blank");
    }
}
