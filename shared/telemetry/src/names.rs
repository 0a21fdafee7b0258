//! The names of attributes and instrumentation scopes, spelled once.
//!
//! They are those of the stable OpenTelemetry semantic conventions where there is one. `browser.*`, `session.*` and
//! `app.*` are in development there. `throughline.*` is ours.

/// `http.*`: HTTP requests, both sides.
pub mod http {
    /// The method, or [`OTHER_METHOD`].
    pub const REQUEST_METHOD: &str = "http.request.method";
    /// The method as it was sent, where [`REQUEST_METHOD`] is [`OTHER_METHOD`].
    pub const REQUEST_METHOD_ORIGINAL: &str = "http.request.method_original";
    /// The value of [`REQUEST_METHOD`] for a method that is none of the known ones: it bounds the cardinality.
    pub const OTHER_METHOD: &str = "_OTHER";
    /// The status code, an integer.
    pub const RESPONSE_STATUS_CODE: &str = "http.response.status_code";
    /// How often the request was sent before, on spans of a retry or of a hop after a redirect.
    pub const REQUEST_RESEND_COUNT: &str = "http.request.resend_count";
    /// The matched route, such as `/users/{id}`.
    pub const ROUTE: &str = "http.route";

    /// Prefix of a header of the request, its name in lower case; the value is an array of texts.
    pub const REQUEST_HEADER: &str = "http.request.header.";
    /// Prefix of a header of the response.
    pub const RESPONSE_HEADER: &str = "http.response.header.";
    /// Bytes of the request's body, as they were transferred (in development).
    pub const REQUEST_BODY_SIZE: &str = "http.request.body.size";
    /// Bytes of the response's body, as they were transferred (in development).
    pub const RESPONSE_BODY_SIZE: &str = "http.response.body.size";

    /// The metric of how long exchanges take, in seconds.
    pub const SERVER_REQUEST_DURATION: &str = "http.server.request.duration";
    /// The metric of how many exchanges are open (in development).
    pub const SERVER_ACTIVE_REQUESTS: &str = "http.server.active_requests";
    /// The metric of how large requests' bodies are, in bytes (in development).
    pub const SERVER_REQUEST_BODY_SIZE: &str = "http.server.request.body.size";
    /// The metric of how large responses' bodies are, in bytes (in development).
    pub const SERVER_RESPONSE_BODY_SIZE: &str = "http.server.response.body.size";
    /// The buckets' bounds of the durations of requests, in seconds (semantic conventions, HTTP metrics).
    pub const DURATION_BOUNDS: [f64; 14] = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    ];

    /// The methods that [`REQUEST_METHOD`] holds by default (RFC 9110, and `PATCH` and `QUERY`), those that are
    /// looked for most first. They are case-sensitive.
    pub const KNOWN_METHODS: [&str; 10] = [
        "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "QUERY", "CONNECT", "TRACE",
    ];
}

/// `url.*`: parts of a URL. What goes in is redacted first, see [`crate::redact`].
pub mod url {
    /// The whole URL, of client spans.
    pub const FULL: &str = "url.full";
    /// The path, of server spans.
    pub const PATH: &str = "url.path";
    /// The query without its `?`, of server spans.
    pub const QUERY: &str = "url.query";
    /// The path with names in place of what varies, such as `/users/{id}` (in development).
    pub const TEMPLATE: &str = "url.template";
    /// The scheme, such as `https`.
    pub const SCHEME: &str = "url.scheme";
}

/// `server.*`, `client.*`, `network.*`: who talks to whom, and how.
pub mod network {
    /// The server's host name, as the client knows it.
    pub const SERVER_ADDRESS: &str = "server.address";
    /// The server's port.
    pub const SERVER_PORT: &str = "server.port";
    /// The client's address, behind proxies where they are trusted.
    pub const CLIENT_ADDRESS: &str = "client.address";
    /// The other end of the connection.
    pub const PEER_ADDRESS: &str = "network.peer.address";
    /// The other end's port.
    pub const PEER_PORT: &str = "network.peer.port";
    /// The protocol's version, such as `1.1` or `2`.
    pub const PROTOCOL_VERSION: &str = "network.protocol.version";
    /// The `User-Agent` header.
    pub const USER_AGENT_ORIGINAL: &str = "user_agent.original";
}

/// `db.*`: database calls.
pub mod db {
    /// The database system, such as `sqlite` or `postgresql`.
    pub const SYSTEM_NAME: &str = "db.system.name";
    /// The database's name within its system.
    pub const NAMESPACE: &str = "db.namespace";
    /// The table.
    pub const COLLECTION_NAME: &str = "db.collection.name";
    /// The operation, such as `SELECT`.
    pub const OPERATION_NAME: &str = "db.operation.name";
    /// The query with placeholders, never with values.
    pub const QUERY_TEXT: &str = "db.query.text";
    /// The query in short, such as `SELECT users`: the span's name.
    pub const QUERY_SUMMARY: &str = "db.query.summary";
    /// The database's own status or error code.
    pub const RESPONSE_STATUS_CODE: &str = "db.response.status_code";
    /// Rows that came back.
    pub const RESPONSE_RETURNED_ROWS: &str = "db.response.returned_rows";

    /// Metric: how long an operation took, in seconds.
    pub const OPERATION_DURATION: &str = "db.client.operation.duration";
    /// Metric (in development, as are those below): connections of a pool, by [`CONNECTION_STATE`].
    pub const CONNECTION_COUNT: &str = "db.client.connection.count";
    /// Metric: connections that a pool may have.
    pub const CONNECTION_MAX: &str = "db.client.connection.max";
    /// Metric: requests that wait for a connection.
    pub const CONNECTION_PENDING_REQUESTS: &str = "db.client.connection.pending_requests";
    /// Metric: requests that waited in vain.
    pub const CONNECTION_TIMEOUTS: &str = "db.client.connection.timeouts";
    /// Metric: how long a connection was waited for, in seconds.
    pub const CONNECTION_WAIT_TIME: &str = "db.client.connection.wait_time";
    /// The pool.
    pub const CONNECTION_POOL_NAME: &str = "db.client.connection.pool.name";
    /// `idle` or `used`.
    pub const CONNECTION_STATE: &str = "db.client.connection.state";
}

/// `error.*`: what went wrong.
pub mod error {
    /// The class of the error, of low cardinality: a status code, a type, or [`OTHER`].
    pub const TYPE: &str = "error.type";
    /// The value of [`TYPE`] where no class is known.
    pub const OTHER: &str = "_OTHER";
    /// The value of [`TYPE`] for what was given up by who asked for it.
    pub const CANCELLED: &str = "cancelled";
}

/// `exception.*`: what was thrown, or panicked.
pub mod exception {
    /// The name of the event that tells of an exception.
    pub const EVENT: &str = "exception";
    /// The class of what was thrown, or `panic`.
    pub const TYPE: &str = "exception.type";
    /// What it says.
    pub const MESSAGE: &str = "exception.message";
    /// Where it happened, as the language writes it.
    pub const STACKTRACE: &str = "exception.stacktrace";
}

/// `code.*`: places in source code.
pub mod code {
    /// The source file.
    pub const FILE_PATH: &str = "code.file.path";
    /// The line, from 1.
    pub const LINE_NUMBER: &str = "code.line.number";
    /// The column, from 1.
    pub const COLUMN_NUMBER: &str = "code.column.number";
}

/// Attributes of the resource: which process of which service this is.
pub mod resource {
    /// The service.
    pub const SERVICE_NAME: &str = "service.name";
    /// Its version.
    pub const SERVICE_VERSION: &str = "service.version";
    /// This process, or this page load.
    pub const SERVICE_INSTANCE_ID: &str = "service.instance.id";
    /// The environment, such as `production`.
    pub const DEPLOYMENT_ENVIRONMENT_NAME: &str = "deployment.environment.name";
    /// The machine.
    pub const HOST_NAME: &str = "host.name";
    /// `opentelemetry`.
    pub const TELEMETRY_SDK_NAME: &str = "telemetry.sdk.name";
    /// `rust`, or `webjs` for a browser.
    pub const TELEMETRY_SDK_LANGUAGE: &str = "telemetry.sdk.language";
    /// The version of the SDK.
    pub const TELEMETRY_SDK_VERSION: &str = "telemetry.sdk.version";
    /// The distribution: `throughline`.
    pub const TELEMETRY_DISTRO_NAME: &str = "telemetry.distro.name";
    /// The version of the distribution.
    pub const TELEMETRY_DISTRO_VERSION: &str = "telemetry.distro.version";
    /// The browser's language (in development).
    pub const BROWSER_LANGUAGE: &str = "browser.language";
    /// The browser's brands, from User-Agent Client Hints only (in development).
    pub const BROWSER_BRANDS: &str = "browser.brands";
    /// The platform, from User-Agent Client Hints only (in development).
    pub const BROWSER_PLATFORM: &str = "browser.platform";
    /// Whether the browser runs on a mobile device, from User-Agent Client Hints only (in development).
    pub const BROWSER_MOBILE: &str = "browser.mobile";
}

/// What a person did in the browser (in development).
pub mod app {
    /// A stable name for the control, such as the value of its `data-trace`.
    pub const WIDGET_ID: &str = "app.widget.id";
    /// The element's tag, lower case.
    pub const BROWSER_TAG_NAME: &str = "browser.tag_name";
}

/// `session.*`, `user.*`: whose doing something is (in development).
pub mod session {
    /// The session, a UUID.
    pub const ID: &str = "session.id";
    /// The session before, of the event [`START`].
    pub const PREVIOUS_ID: &str = "session.previous_id";
    /// The name of the event that begins a session.
    pub const START: &str = "session.start";
    /// The name of the event that ends one.
    pub const END: &str = "session.end";
    /// The user, as the application names them.
    pub const USER_ID: &str = "user.id";
}

/// What the browser measured (`browser.web_vital.*`: in development; the others as OpenTelemetry's browser
/// instrumentations have them).
pub mod browser {
    /// Prefix of the times of a document's load, in milliseconds since the navigation began: the properties of
    /// `PerformanceNavigationTiming` in snake case.
    pub const NAVIGATION_TIMING: &str = "browser.navigation_timing.";
    /// Prefix of what is known of one request, the properties of `PerformanceResourceTiming` in snake case: its times in
    /// milliseconds since the navigation began, its sizes in bytes.
    pub const RESOURCE_TIMING: &str = "browser.resource_timing.";
    /// How the history changed: `push`, `replace`, `traverse`, `reload`.
    pub const NAVIGATION_TYPE: &str = "browser.navigation.type";
    /// The event of a web vital.
    pub const WEB_VITAL: &str = "browser.web_vital";
    /// Which one: `cls`, `fcp`, `inp`, `lcp`, `ttfb`.
    pub const WEB_VITAL_NAME: &str = "browser.web_vital.name";
    /// Its value: milliseconds, or for `cls` a score.
    pub const WEB_VITAL_VALUE: &str = "browser.web_vital.value";
    /// By how much it grew since it was last reported.
    pub const WEB_VITAL_DELTA: &str = "browser.web_vital.delta";
    /// The same for all reports of one value.
    pub const WEB_VITAL_ID: &str = "browser.web_vital.id";
    /// `good`, `needs-improvement` or `poor`.
    pub const WEB_VITAL_RATING: &str = "browser.web_vital.rating";
    /// `navigate`, `reload`, `back-forward`, `back-forward-cache`, `prerender` or `restore`.
    pub const WEB_VITAL_NAVIGATION_TYPE: &str = "browser.web_vital.navigation_type";
    /// The event of a frame that took 50 ms or more.
    pub const LONG_ANIMATION_FRAME: &str = "browser.long_animation_frame";
    /// The event of a task that took 50 ms or more, where the browser does not know whole frames.
    pub const LONG_TASK: &str = "browser.long_task";
    /// How long the frame or the task took, in milliseconds.
    pub const LONG_DURATION: &str = "browser.long_animation_frame.duration";
    /// How long the frame kept the page from answering, in milliseconds.
    pub const LONG_BLOCKING_DURATION: &str = "browser.long_animation_frame.blocking_duration";
    /// What called the frame's longest script, such as `BUTTON#save.onclick`.
    pub const LONG_INVOKER: &str = "browser.long_animation_frame.script.invoker";
    /// Where that script is from, redacted.
    pub const LONG_SOURCE_URL: &str = "browser.long_animation_frame.script.source_url";
    /// How long that script ran, in milliseconds.
    pub const LONG_SCRIPT_DURATION: &str = "browser.long_animation_frame.script.duration";
}

/// `throughline.*`: what has no name in the conventions.
pub mod throughline {
    /// How far the server's clock is ahead of the browser's, in milliseconds: on root spans, once it is known.
    pub const CLOCK_OFFSET_MS: &str = "throughline.clock.offset_ms";
    /// By how much [`CLOCK_OFFSET_MS`] may be wrong, to either side, in milliseconds.
    pub const CLOCK_UNCERTAINTY_MS: &str = "throughline.clock.uncertainty_ms";
    /// What began an interaction: `click`, `submit`, `change`.
    pub const INTERACTION_TYPE: &str = "throughline.interaction.type";
    /// The server's span that answered a fetch, 16 hexadecimal digits, from `Server-Timing`.
    pub const SERVER_SPAN_ID: &str = "throughline.server.span_id";
    /// By which door telemetry came in: `browser` for what an anonymous client sent.
    pub const SOURCE: &str = "throughline.source";
    /// How long a query had to wait for a connection of its pool, in milliseconds.
    pub const DB_CONNECTION_WAIT_MS: &str = "throughline.db.connection.wait_ms";
    /// Whether a query was given up before its end, which is no error of it.
    pub const DB_CANCELLED: &str = "throughline.db.cancelled";
    /// Whether a transaction was rolled back because it was dropped.
    pub const DB_TRANSACTION_DROPPED: &str = "throughline.db.transaction.dropped";
    /// How a response's body ended: `complete`, `cancelled`, `failed`.
    pub const BODY_END: &str = "throughline.body.end";
    /// Whether a browser request was aborted by its caller, which is no error of it.
    pub const FETCH_ABORTED: &str = "throughline.fetch.aborted";
    /// Whether the page went before a request was answered: how it ended is not known.
    pub const FETCH_UNANSWERED: &str = "throughline.fetch.unanswered";
    /// Whether the caller gave up a request before it was answered, which is no error of it.
    pub const REQUEST_CANCELLED: &str = "throughline.request.cancelled";
    /// Whether a background task was dropped before it was complete, which is no error of it.
    pub const TASK_CANCELLED: &str = "throughline.task.cancelled";
    /// How many resources of a document have no span because there were too many.
    pub const RESOURCES_OMITTED: &str = "throughline.document.resources_omitted";
    /// Whether the page was left before the document, or a navigation within it, was there to see.
    pub const LEFT: &str = "throughline.page.left";
    /// How many times in a row an exception has happened so far, the first one included.
    pub const EXCEPTION_OCCURRENCES: &str = "throughline.exception.occurrences";
    /// Whether the browser tells nothing of an exception because its script is of another origin.
    pub const EXCEPTION_CROSS_ORIGIN: &str = "throughline.exception.cross_origin";
}

/// Instrumentation scopes: which part of Throughline made a span.
pub mod scope {
    /// The browser client's interactions.
    pub const INTERACTION: &str = "throughline.interaction";
    /// The browser client's fetches.
    pub const FETCH: &str = "throughline.fetch";
    /// The browser client's document load.
    pub const DOCUMENT: &str = "throughline.document";
    /// The browser client's navigations within a document.
    pub const NAVIGATION: &str = "throughline.navigation";
    /// The browser client's web vitals.
    pub const WEB_VITALS: &str = "throughline.web_vitals";
    /// The browser client's long animation frames.
    pub const FRAMES: &str = "throughline.frames";
    /// The browser client's exceptions.
    pub const ERRORS: &str = "throughline.errors";
    /// The browser client's sessions.
    pub const SESSION: &str = "throughline.session";
    /// The axum instrumentation.
    pub const AXUM: &str = "throughline.axum";
    /// The sqlx instrumentation.
    pub const SQLX: &str = "throughline.sqlx";
    /// The reqwest instrumentation.
    pub const REQWEST: &str = "throughline.reqwest";
}
