//! Sessions: what a browser gets for the token, so that the token is neither in a cookie nor in the history.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use http::{HeaderMap, header};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::{host::names_loopback, token};

/// How long a session lasts.
const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// Sessions at one time; one more ends the oldest.
const MAX_SESSIONS: usize = 1000;
const COOKIE: &str = "throughline_session";
/// Browsers take a cookie of this name over HTTPS only.
const SECURE_COOKIE: &str = "__Secure-throughline_session";

/// The sessions of this process, by the hash of what is in the cookie.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<[u8; 32], Instant>>);

impl Sessions {
    /// Begins a session. Returns the value of its `Set-Cookie`, for a request with these headers.
    ///
    /// `SameSite=Lax`, not `Strict`: the link may be opened from a terminal in a browser or from a chat, and a `Strict`
    /// cookie would not come with the redirect that follows. Nothing here changes state, so `Lax` gives nothing away.
    pub(crate) fn begin(
        &self,
        headers: &HeaderMap,
        now: Instant,
    ) -> Result<String, getrandom::Error> {
        let secret = token::random()?;
        let mut sessions = self.0.lock();
        sessions.retain(|_, expires| *expires > now);
        if sessions.len() >= MAX_SESSIONS
            && let Some(oldest) = sessions.iter().min_by_key(|(_, expires)| **expires)
        {
            let oldest = *oldest.0;
            sessions.remove(&oldest);
        }
        sessions.insert(hash(&secret), now + LIFETIME);
        let (name, secure) = if names_loopback(headers) {
            (COOKIE, "")
        } else {
            (SECURE_COOKIE, "; Secure")
        };
        let seconds = LIFETIME.as_secs();
        Ok(format!(
            "{name}={secret}; Path=/telemetry; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
        ))
    }

    /// Whether the headers hold the cookie of a session that lasts.
    pub(crate) fn contains(&self, headers: &HeaderMap, now: Instant) -> bool {
        let cookies = headers.get_all(header::COOKIE).into_iter();
        let mut cookies = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|c| c.split(';'));
        cookies.any(|cookie| match cookie.trim().split_once('=') {
            Some((COOKIE | SECURE_COOKIE, secret)) => self
                .0
                .lock()
                .get(&hash(secret))
                .is_some_and(|expires| *expires > now),
            _ => false,
        })
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_session_ends_by_itself() {
        let sessions = Sessions::default();
        let now = Instant::now();
        let cookie = sessions
            .begin(&headers(header::HOST, "127.0.0.1:8080"), now)
            .unwrap();
        let cookie = headers(
            header::COOKIE,
            &format!("a=b; {}", cookie.split_once(';').unwrap().0),
        );
        assert!(sessions.contains(&cookie, now));
        assert!(!sessions.contains(&cookie, now + LIFETIME));
    }

    #[test]
    fn off_loopback_the_cookie_is_for_https_only() {
        let sessions = Sessions::default();
        let cookie = |host| {
            sessions
                .begin(&headers(header::HOST, host), Instant::now())
                .unwrap()
        };
        for host in ["localhost:3000", "127.0.0.1", "[::1]:8080"] {
            assert!(cookie(host).starts_with("throughline_session="), "{host}");
        }
        let cookie = cookie("app.example.com");
        assert!(
            cookie.starts_with("__Secure-throughline_session=") && cookie.ends_with("; Secure")
        );
    }

    #[test]
    fn the_number_of_sessions_is_bounded() {
        let sessions = Sessions::default();
        let now = Instant::now();
        for _ in 0..MAX_SESSIONS + 5 {
            sessions.begin(&HeaderMap::new(), now).unwrap();
        }
        assert_eq!(sessions.0.lock().len(), MAX_SESSIONS);
    }
}
