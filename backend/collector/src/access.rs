//! Who may see the traces: nobody, unless they have the token, a session that was made with it, or what the application
//! itself accepts (a signed-in administrator).

mod host;
mod session;
mod token;

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Instant};

use http::{HeaderMap, header, request::Parts};

pub use host::loopback_hosts_only;
pub use token::{TokenError, load_or_create_token};

pub(crate) use session::Sessions;
pub(crate) use token::TokenHash;

/// The answer of a check that the application makes; `futures_util::future::BoxFuture<'static, bool>` is the same type.
pub type Decision = Pin<Box<dyn Future<Output = bool> + Send>>;

type Check = Arc<dyn Fn(&Parts) -> Decision + Send + Sync>;

/// Who may see the traces. Whoever is not let in by one of its ways is kept out.
///
/// ```
/// use throughline_collector::Access;
///
/// let access = Access::token("a-long-random-token").or(|parts| {
///     let is_admin = parts.headers.contains_key("x-admin"); // look the session up here
///     Box::pin(async move { is_admin })
/// });
/// ```
#[derive(Clone)]
pub struct Access {
    token: Option<TokenHash>,
    checks: Vec<Check>,
    sessions: Arc<Sessions>,
}

impl Access {
    /// Lets nobody in: the beginning of an access without a token.
    pub fn nobody() -> Self {
        Self {
            token: None,
            checks: Vec::new(),
            sessions: Arc::default(),
        }
    }

    /// Lets in whoever has the token: in a link (`/telemetry/?token=…`, which becomes a session), or as
    /// `Authorization: Bearer …`. An empty token lets nobody in.
    pub fn token(token: impl AsRef<str>) -> Self {
        let token = token.as_ref();
        let token = (!token.is_empty()).then(|| TokenHash::new(token));
        Self {
            token,
            ..Self::nobody()
        }
    }

    /// Lets in, too, whom `check` accepts: it sees the head of the request.
    #[must_use]
    pub fn or(mut self, check: impl Fn(&Parts) -> Decision + Send + Sync + 'static) -> Self {
        self.checks.push(Arc::new(check));
        self
    }

    pub(crate) fn is_token(&self, token: &str) -> bool {
        self.token.as_ref().is_some_and(|hash| hash.matches(token))
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    pub(crate) async fn allows(&self, parts: &Parts) -> bool {
        if bearer(&parts.headers).is_some_and(|token| self.is_token(token))
            || self.sessions.contains(&parts.headers, Instant::now())
        {
            return true;
        }
        for check in &self.checks {
            if check(parts).await {
                return true;
            }
        }
        false
    }
}

/// The token in `Authorization: Bearer …`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("has_token", &self.token.is_some())
            .field("checks", &self.checks.len())
            .finish_non_exhaustive()
    }
}
