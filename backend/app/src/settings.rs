//! What the operator decides. The environment is a parameter, so that tests need none.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

mod database;

pub use self::database::{DatabaseSettings, DatabaseUrl};
use crate::auth::Secret;

mod limits;

pub use limits::Limits;

/// OpenTelemetry's names for where spans go.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
];

/// The settings of the server. [`Settings::from_vars`] documents each variable.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address that the application listens on.
    pub listen: SocketAddr,
    /// Where everything that is kept lies.
    pub data_dir: PathBuf,
    /// Where the users are.
    pub database: DatabaseSettings,
    /// Whether a well-known demonstration administrator exists.
    pub demo_user: DemoUser,
    /// Origins other than the server's own that may send state-changing requests.
    pub trusted_origins: Vec<String>,
    /// IP addresses and networks of the proxies that are believed when they say, by `X-Forwarded-For`, for whom they ask.
    pub trusted_proxies: Vec<String>,
    /// The token that opens the trace viewer; made at the first start if not given.
    pub telemetry_token: Option<Secret>,
    /// Where other programs send OTLP over HTTP.
    pub otlp_http: OtlpHttp,
    /// Where this server's spans are sent, by the variables of OpenTelemetry. Not to its own listeners.
    pub otlp_endpoints: Vec<String>,
    /// How e-mail addresses appear in logs and spans.
    pub telemetry_email: TelemetryEmail,
    /// Where browsers reach this server, such as `https://rag.example.com`. Default: where it listens.
    pub public_url: Option<String>,
    /// An OpenID Connect provider to sign in with.
    pub oidc: Option<OidcSettings>,
    /// How much one client may ask for.
    pub limits: Limits,
    /// Whether the test harness of W3C Trace Context can have this server call others.
    pub trace_context_test: TraceContextTest,
    /// The cost of a password check: each step doubles it. Not a variable: stored passwords depend on it.
    pub bcrypt_cost: u32,
}

/// An OpenID Connect provider, as it knows this application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcSettings {
    /// What people know it by.
    pub name: String,
    /// The provider's issuer URL.
    pub issuer: String,
    /// The application's name there.
    pub client_id: String,
    /// The application's password there.
    pub client_secret: Secret,
    /// Whether somebody who has no account gets one, with the role `user`.
    pub sign_up: bool,
    /// Who may have signed the provider's certificate, in PEM: in place of the system's list.
    pub ca_file: Option<PathBuf>,
}

/// Whether `demo@example.com` can sign in with a password that everybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoUser {
    /// There is none.
    Absent,
    /// It is made at start.
    Present,
}

/// The separate listener for OTLP over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtlpHttp {
    /// No listener.
    Off,
    /// The default address; if it is taken, the server warns and goes on without.
    Default(SocketAddr),
    /// An address that was asked for; if it is taken, the server does not start.
    Asked(SocketAddr),
}

/// How e-mail addresses appear in logs and spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TelemetryEmail {
    /// `d***@example.com`
    Masked,
    /// As they are.
    Plain,
}

/// Whether `POST /test` is served, which sends requests to this machine for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceContextTest {
    /// There is no such address.
    Absent,
    /// It is served.
    Served,
}

/// A setting that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}={value:?} {problem}")]
pub struct SettingsError {
    name: &'static str,
    value: String,
    problem: &'static str,
}

// === impl Settings ===

impl Settings {
    /// Reads the settings out of variables. An empty variable counts as not set, but for `OTLP_HTTP_ADDR`.
    ///
    /// | variable | default | |
    /// |---|---|---|
    /// | `HOST` | `127.0.0.1` | address to listen on, or `localhost` |
    /// | `PORT` | `8080` | `0`: any free port |
    /// | `DATA_DIR` | `./data` | |
    /// | `DATABASE_URL` | a file in `DATA_DIR` | `sqlite:…` or `postgres://…` |
    /// | `DATABASE_MAX_CONNECTIONS` | `8` | |
    /// | `DATABASE_ACQUIRE_TIMEOUT_MS` | `5000` | how long a request waits for a connection |
    /// | `DEMO_USER` | | `1`: make `demo@example.com`; only on a loopback `HOST` |
    /// | `TRUSTED_ORIGINS` | | origins, separated by commas, as a browser sends them |
    /// | `TRUSTED_PROXIES` | | addresses or networks, such as `10.0.0.0/8`, separated by commas |
    /// | `TELEMETRY_TOKEN` | made at start | opens the trace viewer |
    /// | `OTLP_HTTP_ADDR` | `127.0.0.1:4318` | empty: off; off loopback, senders need the token as a Bearer key |
    /// | `TELEMETRY_EMAIL` | `masked` | or `plain` |
    /// | `PUBLIC_URL` | where it listens | where browsers reach this server |
    /// | `OIDC_ISSUER` | | an OpenID Connect provider; `https://…`, or on this machine |
    /// | `OIDC_CLIENT_ID`, `OIDC_CLIENT_SECRET` | | as the provider gave them |
    /// | `OIDC_NAME` | the issuer's host | what the button on the page calls the provider |
    /// | `OIDC_SIGN_UP` | | `1`: whoever the provider knows gets an account |
    /// | `OIDC_CA_FILE` | the system's list | who may have signed the provider's certificate, in PEM |
    /// | `REQUEST_TIMEOUT_SECONDS` | `30` | longer requests of the API are cut off, and answered with 503 |
    /// | `MAX_BODY_BYTES` | `16384` | of a request of the API, but for the upload of a document |
    /// | `UPLOADS_PER_MINUTE`, `SEARCHES_PER_MINUTE` | `30`, `120` | of an account; ten times that of an address |
    /// | `REFRESHES_PER_MINUTE`, `NEW_USERS_PER_MINUTE` | `30`, `30` | the same, of a session and an administrator |
    /// | `TRACE_CONTEXT_TEST` | | `1`: serve `POST /test` for the W3C's harness; only on a loopback `HOST` |
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
        let set = |name| var(name).filter(|value: &String| !value.is_empty());
        let settings = Settings {
            listen: SocketAddr::new(host(set("HOST"))?, port(set("PORT"))?),
            data_dir: set("DATA_DIR").map_or_else(|| PathBuf::from("data"), PathBuf::from),
            database: database::database(&set)?,
            demo_user: demo_user(set("DEMO_USER"))?,
            trusted_origins: list(set("TRUSTED_ORIGINS")),
            trusted_proxies: list(set("TRUSTED_PROXIES")),
            telemetry_token: set("TELEMETRY_TOKEN").map(Secret::new),
            otlp_http: otlp_http(var("OTLP_HTTP_ADDR"))?,
            otlp_endpoints: ENDPOINTS.into_iter().filter_map(set).collect(),
            telemetry_email: telemetry_email(set("TELEMETRY_EMAIL"))?,
            public_url: set("PUBLIC_URL"),
            oidc: oidc(&set)?,
            limits: Limits::from_vars(&set)?,
            trace_context_test: trace_context_test(set("TRACE_CONTEXT_TEST"))?,
            bcrypt_cost: bcrypt::DEFAULT_COST,
        };
        settings.refuse_public_demo()?;
        settings.refuse_public_test()?;
        Ok(settings)
    }

    /// Whether cookies may travel without TLS: the server is reached on this machine only, and no trusted origin says
    /// that a proxy in front of it speaks TLS.
    pub fn is_plain_http(&self) -> bool {
        let tls = |origin: &String| origin.starts_with("https://");
        self.listen.ip().is_loopback() && !self.trusted_origins.iter().any(tls)
    }

    fn refuse_public_demo(&self) -> Result<(), SettingsError> {
        if self.demo_user == DemoUser::Present && !self.listen.ip().is_loopback() {
            let problem = "is refused with DEMO_USER=1, whose password everybody knows: \
                           use a loopback HOST, or `rag-admin-server user add`";
            return Err(SettingsError::new(
                "HOST",
                self.listen.ip().to_string(),
                problem,
            ));
        }
        Ok(())
    }

    fn refuse_public_test(&self) -> Result<(), SettingsError> {
        if self.trace_context_test == TraceContextTest::Served && !self.listen.ip().is_loopback() {
            let problem = "is refused with TRACE_CONTEXT_TEST=1, with which everybody can send requests to this \
                           machine: use a loopback HOST";
            return Err(SettingsError::new(
                "HOST",
                self.listen.ip().to_string(),
                problem,
            ));
        }
        Ok(())
    }
}

fn host(value: Option<String>) -> Result<IpAddr, SettingsError> {
    match value {
        None => Ok(Ipv4Addr::LOCALHOST.into()),
        Some(name) if name == "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        Some(value) => value.parse().map_err(|_| {
            SettingsError::new("HOST", value, "is neither an IP address nor `localhost`")
        }),
    }
}

fn port(value: Option<String>) -> Result<u16, SettingsError> {
    value.map_or(Ok(8080), |value| {
        value
            .parse()
            .map_err(|_| SettingsError::new("PORT", value, "is not a port number (0 to 65535)"))
    })
}

fn demo_user(value: Option<String>) -> Result<DemoUser, SettingsError> {
    match value {
        None => Ok(DemoUser::Absent),
        Some(value) if value == "0" => Ok(DemoUser::Absent),
        Some(value) if value == "1" => Ok(DemoUser::Present),
        Some(value) => Err(SettingsError::new("DEMO_USER", value, "is neither 0 nor 1")),
    }
}

fn trace_context_test(value: Option<String>) -> Result<TraceContextTest, SettingsError> {
    match value {
        None => Ok(TraceContextTest::Absent),
        Some(value) if value == "0" => Ok(TraceContextTest::Absent),
        Some(value) if value == "1" => Ok(TraceContextTest::Served),
        Some(value) => {
            let problem = "is neither 0 nor 1";
            Err(SettingsError::new("TRACE_CONTEXT_TEST", value, problem))
        }
    }
}

fn otlp_http(value: Option<String>) -> Result<OtlpHttp, SettingsError> {
    match value {
        None => Ok(OtlpHttp::Default((Ipv4Addr::LOCALHOST, 4318).into())),
        Some(value) if value.is_empty() => Ok(OtlpHttp::Off),
        Some(value) => match value.parse::<SocketAddr>() {
            Ok(address) => Ok(OtlpHttp::Asked(address)),
            Err(_) => Err(SettingsError::new(
                "OTLP_HTTP_ADDR",
                value,
                "is not an address such as 127.0.0.1:4318",
            )),
        },
    }
}

fn oidc(
    set: &impl Fn(&'static str) -> Option<String>,
) -> Result<Option<OidcSettings>, SettingsError> {
    let Some(issuer) = set("OIDC_ISSUER") else {
        return Ok(None);
    };
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let is_local = local.iter().any(|it| {
        let rest = issuer.strip_prefix(it);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    if !issuer.starts_with("https://") && !is_local {
        let problem = "is not an https:// address";
        return Err(SettingsError::new("OIDC_ISSUER", issuer, problem));
    }
    let needed = |name| {
        let missing = || SettingsError::new(name, "", "is needed with OIDC_ISSUER");
        set(name).ok_or_else(missing)
    };
    let sign_up = set("OIDC_SIGN_UP").unwrap_or_default();
    if !matches!(sign_up.as_str(), "" | "0" | "1") {
        let problem = "is neither 0 nor 1";
        return Err(SettingsError::new("OIDC_SIGN_UP", sign_up, problem));
    }
    Ok(Some(OidcSettings {
        client_id: needed("OIDC_CLIENT_ID")?,
        client_secret: Secret::new(needed("OIDC_CLIENT_SECRET")?),
        sign_up: sign_up == "1",
        ca_file: set("OIDC_CA_FILE").map(PathBuf::from),
        name: set("OIDC_NAME").unwrap_or_else(|| host_of(&issuer).to_owned()),
        issuer,
    }))
}

fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |it| it.1);
    rest.split('/').next().unwrap_or_default()
}

fn telemetry_email(value: Option<String>) -> Result<TelemetryEmail, SettingsError> {
    let problem = "is neither `masked` nor `plain`";
    match value {
        None => Ok(TelemetryEmail::Masked),
        Some(value) if value == "masked" => Ok(TelemetryEmail::Masked),
        Some(value) if value == "plain" => Ok(TelemetryEmail::Plain),
        Some(value) => Err(SettingsError::new("TELEMETRY_EMAIL", value, problem)),
    }
}

fn list(value: Option<String>) -> Vec<String> {
    let value = value.unwrap_or_default();
    let items = value.split(',').map(str::trim);
    items
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

// === impl TelemetryEmail ===

impl TelemetryEmail {
    /// The address as logs and spans may show it.
    pub fn show(self, email: &str) -> String {
        match self {
            TelemetryEmail::Masked => throughline_core::redact::email(email),
            TelemetryEmail::Plain => email.to_owned(),
        }
    }
}

// === impl SettingsError ===

impl SettingsError {
    fn new(name: &'static str, value: impl Into<String>, problem: &'static str) -> SettingsError {
        SettingsError {
            name,
            value: value.into(),
            problem,
        }
    }
}

#[cfg(test)]
mod tests;
