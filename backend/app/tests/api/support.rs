//! A server for one test, and a client that keeps its own cookies.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use axum::Router;
use opentelemetry_sdk::{metrics::InMemoryMetricExporter, trace::InMemorySpanExporter};
use rag_admin_api::{Problem, Role, paths};
use rag_admin_server::{Secret, Server, add_user, settings::Settings};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection};
use tempfile::TempDir;
use throughline_collector::Collector;
use throughline_instrument::Telemetry;
use throughline_test_postgres::Server as Postgres;

use crate::documented;

pub(crate) const EMAIL: &str = "alice@example.com";
pub(crate) const PASSWORD: &str = "a password of Alice's";

/// A database that the suite runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// That of this run: `tests/postgres.rs` is the same suite once more.
pub(crate) const DATABASE: Database = match env!("CARGO_CRATE_NAME").as_bytes() {
    b"postgres" => Database::Postgres,
    _ => Database::Sqlite,
};

/// A server with one administrator, Alice.
pub(crate) struct TestServer {
    pub(crate) server: Server,
    pub(crate) settings: Settings,
    database_url: String,
    _postgres: Option<Arc<Postgres>>,
    _dir: TempDir,
}

/// A browser without a page.
pub(crate) struct Browser {
    origin: String,
    http: reqwest::Client,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// Telemetry of the process: the tests share it, and tell each other's spans apart by their trace.
pub(crate) struct Recorded {
    pub(crate) telemetry: Telemetry,
    pub(crate) spans: InMemorySpanExporter,
    pub(crate) metrics: InMemoryMetricExporter,
    logs: Logs,
}

#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

// === impl TestServer ===

impl TestServer {
    pub(crate) async fn start() -> TestServer {
        TestServer::start_with(&[]).await
    }

    pub(crate) async fn start_with(vars: &[(&str, &str)]) -> TestServer {
        TestServer::start_as(vars, Router::new()).await
    }

    /// With variables, and with more routes below `/api`.
    pub(crate) async fn start_as(vars: &[(&str, &str)], routes: Router) -> TestServer {
        let postgres = (DATABASE == Database::Postgres).then(Postgres::shared);
        let dir = TempDir::new().unwrap();
        let data_dir = dir.path().to_str().unwrap();
        let database_url = match &postgres {
            Some(server) => server.url(&server.create_database().await),
            None => format!("sqlite://{data_dir}/rag-admin.db"),
        };
        let mut all = vec![
            ("PORT", "0"),
            ("DATA_DIR", data_dir),
            ("DATABASE_URL", &database_url),
            ("OTLP_HTTP_ADDR", ""),
        ];
        all.extend(vars);
        let find = |name: &str| {
            all.iter()
                .rev()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).to_owned())
        };
        let mut settings = Settings::from_vars(find).unwrap();
        settings.bcrypt_cost = 4;

        add_user(&settings, EMAIL, &Secret::new(PASSWORD), Role::Admin)
            .await
            .unwrap();
        let collector = Collector::open(throughline_collector::Settings::new(dir.path())).unwrap();
        let telemetry = &recorded().telemetry;
        let server = Server::start_with(&settings, telemetry, &collector, routes)
            .await
            .unwrap();
        TestServer {
            server,
            settings,
            database_url,
            _postgres: postgres,
            _dir: dir,
        }
    }

    /// A connection to the database, beside the server's.
    pub(crate) async fn database(&self) -> AnyConnection {
        AnyConnection::connect(&self.database_url).await.unwrap()
    }

    /// Until this connection is closed, who opens a session waits.
    pub(crate) async fn block_sessions(&self) -> AnyConnection {
        let mut database = self.database().await;
        let block = match DATABASE {
            Database::Sqlite => "BEGIN IMMEDIATE",
            Database::Postgres => "BEGIN; LOCK TABLE refresh_tokens IN EXCLUSIVE MODE",
        };
        sqlx::raw_sql(block).execute(&mut database).await.unwrap();
        database
    }

    /// Makes what the database knows of exchanged tokens older.
    pub(crate) async fn let_time_pass(&self, time: Duration) {
        sqlx::query("UPDATE refresh_tokens SET used_at = used_at - $1")
            .bind(i64::try_from(time.as_secs()).unwrap())
            .execute(&mut self.database().await)
            .await
            .unwrap();
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser {
            origin: format!("http://{}", self.server.address()),
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            cookies: BTreeMap::new(),
        }
    }
}

// === impl Browser ===

impl Browser {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self.http.request(method, format!("{}{path}", self.origin));
        if cookies.is_empty() {
            request
        } else {
            request.header(header::COOKIE, cookies.join("; "))
        }
    }

    /// Sends a request and takes the cookies of the answer.
    pub(crate) async fn send(&mut self, request: RequestBuilder) -> Response {
        let request = request.build().unwrap();
        let method = request.method().clone();
        let response = self.http.execute(request).await.unwrap();
        documented::check(&method, &response).await;
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    pub(crate) async fn get(&mut self, path: &str) -> Response {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&mut self, path: &str) -> Response {
        self.send(self.request(Method::POST, path)).await
    }

    pub(crate) async fn post_json(&mut self, path: &str, body: &Value) -> Response {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Response {
        let typed = json!({ "email": email, "password": password });
        self.send(self.request(Method::POST, paths::SIGN_IN).json(&typed))
            .await
    }

    pub(crate) async fn status_of_me(&mut self) -> StatusCode {
        self.get(paths::ME).await.status()
    }
}

/// Checks that an answer is a problem document, and that it says what its status says.
pub(crate) async fn problem(response: Response) -> Problem {
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    let status = response.status();
    let problem: Problem = response.json().await.unwrap();
    assert_eq!(problem.status, status.as_u16());
    assert_eq!(Some(problem.title.as_str()), status.canonical_reason());
    problem
}

// === impl Recorded ===

pub(crate) fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let (spans, logs) = (InMemorySpanExporter::default(), Logs::default());
        let metrics = InMemoryMetricExporter::default();
        let writer = logs.clone();
        let telemetry = throughline_instrument::init("rag-admin-backend")
            .export_to(spans.clone())
            .export_metrics_to(metrics.clone())
            .log_to(move || writer.clone())
            .install()
            .unwrap();
        Recorded {
            telemetry,
            spans,
            metrics,
            logs,
        }
    })
}

impl Recorded {
    /// The log lines of one trace.
    pub(crate) fn logs(&self, trace_id: &str) -> Vec<Value> {
        let logs = self.logs.0.lock().unwrap();
        let lines = std::str::from_utf8(&logs).unwrap().lines();
        let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["trace_id"] == trace_id).collect()
    }
}

// === impl Logs ===

impl Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
