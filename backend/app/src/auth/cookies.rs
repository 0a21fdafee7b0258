//! The two cookies of a session, and the one of an attempt to sign in with a provider. Scripts see none.

use std::time::Duration;

use axum::http::HeaderMap;
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};

use super::{
    sessions::{ACCESS_LIFETIME, REFRESH_LIFETIME, TokenPair},
    tokens::Secret,
};

/// How long a person may take with the provider.
const ATTEMPT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How cookies are named and guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieStyle {
    /// For a server that is reached on this machine only, without TLS.
    Plain,
    /// `Secure` and `__Host-`: sent over TLS only, and no other host of the domain can plant one.
    Host,
}

// === impl CookieStyle ===

impl CookieStyle {
    /// The tokens that came with a request.
    pub(crate) fn access(self, headers: &HeaderMap) -> Option<Secret> {
        value(headers, self.access_name())
    }

    pub(crate) fn refresh(self, headers: &HeaderMap) -> Option<Secret> {
        value(headers, self.refresh_name())
    }

    /// Cookies that hold the tokens.
    pub(crate) fn set(self, pair: &TokenPair) -> CookieJar {
        let access = self.access_cookie(pair.access.expose(), ACCESS_LIFETIME);
        let refresh = self.refresh_cookie(pair.refresh.expose(), REFRESH_LIFETIME);
        CookieJar::new().add(access).add(refresh)
    }

    /// Cookies that make a browser forget the tokens.
    pub(crate) fn clear(self) -> CookieJar {
        let access = self.access_cookie("", Duration::ZERO);
        let refresh = self.refresh_cookie("", Duration::ZERO);
        CookieJar::new().add(access).add(refresh)
    }

    /// What a browser remembers of its attempt to sign in with a provider.
    pub(crate) fn attempt(self, headers: &HeaderMap) -> Option<Secret> {
        value(headers, self.attempt_name())
    }

    pub(crate) fn set_attempt(self, attempt: &Secret) -> CookieJar {
        CookieJar::new().add(self.attempt_cookie(attempt.expose(), ATTEMPT_LIFETIME))
    }

    pub(crate) fn clear_attempt(self) -> CookieJar {
        CookieJar::new().add(self.attempt_cookie("", Duration::ZERO))
    }

    /// `Lax`: it is the provider that sends the browser back.
    fn attempt_cookie(self, value: &str, lifetime: Duration) -> Cookie<'static> {
        let path = match self {
            CookieStyle::Plain => "/api/v1/auth/oidc",
            CookieStyle::Host => "/",
        };
        self.cookie(self.attempt_name(), value, path, SameSite::Lax, lifetime)
    }

    /// `Lax`: a link from elsewhere to a trace finds its reader signed in.
    fn access_cookie(self, value: &str, lifetime: Duration) -> Cookie<'static> {
        self.cookie(self.access_name(), value, "/", SameSite::Lax, lifetime)
    }

    fn refresh_cookie(self, value: &str, lifetime: Duration) -> Cookie<'static> {
        // `__Host-` demands the path `/` (RFC 6265bis, 4.1.3.2): it is worth more than the narrower path, which keeps
        // a cookie from no script and no other host.
        let path = match self {
            CookieStyle::Plain => "/api/v1/auth",
            CookieStyle::Host => "/",
        };
        self.cookie(self.refresh_name(), value, path, SameSite::Strict, lifetime)
    }

    fn cookie(
        self,
        name: &'static str,
        value: &str,
        path: &'static str,
        same_site: SameSite,
        lifetime: Duration,
    ) -> Cookie<'static> {
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        Cookie::build((name, value.to_owned()))
            .path(path)
            .http_only(true)
            .secure(self == CookieStyle::Host)
            .same_site(same_site)
            .max_age(time::Duration::seconds(seconds))
            .build()
    }

    pub(crate) fn access_name(self) -> &'static str {
        match self {
            CookieStyle::Plain => "rag_admin_access",
            CookieStyle::Host => "__Host-rag_admin_access",
        }
    }

    fn attempt_name(self) -> &'static str {
        match self {
            CookieStyle::Plain => "rag_admin_oidc",
            CookieStyle::Host => "__Host-rag_admin_oidc",
        }
    }

    fn refresh_name(self) -> &'static str {
        match self {
            CookieStyle::Plain => "rag_admin_refresh",
            CookieStyle::Host => "__Host-rag_admin_refresh",
        }
    }
}

fn value(headers: &HeaderMap, name: &str) -> Option<Secret> {
    CookieJar::from_headers(headers)
        .get(name)
        .map(|cookie| Secret::new(cookie.value()))
}

#[cfg(test)]
mod tests {
    use axum::{http::header, response::IntoResponse};
    use expect_test::{Expect, expect};

    use super::*;

    fn check(style: CookieStyle, expected: &Expect) {
        let pair = TokenPair {
            access: Secret::new("A"),
            refresh: Secret::new("R"),
        };
        let response = style.set(&pair).into_response();
        let cookies = response.headers().get_all(header::SET_COOKIE);
        let mut lines: Vec<&str> = cookies
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect();
        lines.sort_unstable();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn on_this_machine_cookies_travel_without_tls() {
        check(
            CookieStyle::Plain,
            &expect![[r#"
            rag_admin_access=A; HttpOnly; SameSite=Lax; Path=/; Max-Age=900
            rag_admin_refresh=R; HttpOnly; SameSite=Strict; Path=/api/v1/auth; Max-Age=1209600"#]],
        );
    }

    #[test]
    fn elsewhere_they_are_secure_and_bound_to_the_host() {
        check(
            CookieStyle::Host,
            &expect![[r#"
            __Host-rag_admin_access=A; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=900
            __Host-rag_admin_refresh=R; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=1209600"#]],
        );
    }
}
