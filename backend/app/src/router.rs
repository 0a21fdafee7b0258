//! Which address is answered by whom, and what every answer carries.

use std::time::Duration;

use anyhow::Context;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::IntoResponse,
    routing::{get, post},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    csrf::{CsrfLayer, ProtectionError},
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
};

use crate::{
    app::App,
    auth::{change_password, me, oidc, refresh, signin, signout},
    documents::{self, search, upload},
    health, pages, problem,
    users::{create, list, one},
};

/// The largest request body of the API.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// How long a request of the API may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The application without its telemetry endpoints, and with more `routes` below `/api`.
pub(crate) fn application(
    app: App,
    trusted_origins: &[String],
    routes: Router,
) -> anyhow::Result<Router> {
    let page = get(pages::serve).layer(CompressionLayer::new());
    Ok(Router::new()
        .nest("/api", api(trusted_origins, routes)?)
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .with_state(app)
        .merge(
            Router::new()
                .route("/", page.clone())
                .fallback_service(page),
        ))
}

fn api(trusted_origins: &[String], routes: Router) -> anyhow::Result<Router<App>> {
    let mut csrf = CsrfLayer::new();
    for origin in trusted_origins {
        csrf = csrf.add_trusted_origin(origin).context("TRUSTED_ORIGINS")?;
    }
    let forbidden = |_: ProtectionError| StatusCode::FORBIDDEN.into_response();

    let documents = get(documents::list::list).post(upload::upload);
    let documents = documents.layer(DefaultBodyLimit::max(upload::MAX_BODY_BYTES));
    Ok(Router::new()
        .route("/v1/auth/signin", post(signin::sign_in))
        .route("/v1/auth/signout", post(signout::sign_out))
        .route("/v1/auth/refresh", post(refresh::refresh))
        .route("/v1/auth/me", get(me::me))
        .route("/v1/auth/password", post(change_password::change_password))
        .route("/v1/auth/oidc/start", get(oidc::start::start))
        .route("/v1/auth/oidc/callback", get(oidc::callback::callback))
        .route("/v1/users", get(list::list).post(create::create))
        .route("/v1/users/{id}", get(one::one))
        .route("/v1/documents", documents)
        .route("/v1/documents/search", post(search::search))
        .route("/v1/documents/{id}", get(documents::one::one))
        .merge(routes.with_state(()))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIMEOUT,
        ))
        .layer(csrf.with_rejection_response(forbidden))
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(map_response(problem::complete))
        .layer(set(header::CACHE_CONTROL, "no-store")))
}

/// What every answer carries, whoever gave it.
pub(crate) fn guarded(router: Router) -> Router {
    let nothing = "default-src 'none'; frame-ancestors 'none'";
    router
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::REFERRER_POLICY, "same-origin"))
        .layer(set(header::CONTENT_SECURITY_POLICY, nothing))
}

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
