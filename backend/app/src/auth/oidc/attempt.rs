//! What the browser keeps while the person is with the provider.

use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};

use crate::auth::Secret;

/// Three secrets of one attempt to sign in. `Debug` shows none.
#[derive(Debug)]
pub(super) struct Attempt {
    /// Comes back with the code: so it is this browser that the provider sent.
    pub(super) state: CsrfToken,
    /// Comes back in the token: so it was made for this attempt.
    pub(super) nonce: Nonce,
    /// Proves that the code was asked for by this attempt.
    pub(super) verifier: PkceCodeVerifier,
}

// === impl Attempt ===

impl Attempt {
    /// As a cookie holds it: none of the three has a dot.
    pub(super) fn to_cookie(&self) -> Secret {
        let parts = [
            self.state.secret().as_str(),
            self.nonce.secret(),
            self.verifier.secret(),
        ];
        Secret::new(parts.join("."))
    }

    pub(super) fn from_cookie(cookie: &Secret) -> Option<Attempt> {
        let mut parts = cookie.expose().split('.').map(str::to_owned);
        let attempt = Attempt {
            state: CsrfToken::new(parts.next()?),
            nonce: Nonce::new(parts.next()?),
            verifier: PkceCodeVerifier::new(parts.next()?),
        };
        parts.next().is_none().then_some(attempt)
    }

    /// Whether this is what came back. Hashes are compared, in a time that tells nothing of what they are of.
    pub(super) fn is_answered_by(&self, state: &str) -> bool {
        Secret::new(self.state.secret()).hash() == Secret::new(state).hash()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_survives_the_cookie_and_no_other_text_is_one() {
        let attempt = Attempt::from_cookie(&Secret::new("s7.n7.v7")).unwrap();
        assert_eq!(attempt.to_cookie(), Secret::new("s7.n7.v7"));
        assert!(attempt.is_answered_by("s7") && !attempt.is_answered_by("n7"));
        for cookie in ["", "a", "a.b", "a.b.c.d"] {
            assert!(
                Attempt::from_cookie(&Secret::new(cookie)).is_none(),
                "{cookie}"
            );
        }
        assert!(!format!("{attempt:?}").contains('7'), "{attempt:?}");
    }
}
