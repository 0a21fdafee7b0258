//! Which address is answered by whom, and what every answer carries.

use anyhow::Context;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{from_fn_with_state, map_response},
    response::IntoResponse,
    routing::get,
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    csrf::{CsrfLayer, ProtectionError},
    set_header::SetResponseHeaderLayer,
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    auth::{CookieStyle, change_password, me, oidc, refresh, signin, signout},
    documents::{self, search, upload},
    health, limit, openapi,
    pages::{self, PageSettings},
    problem,
    settings::Settings,
    users::{create, list, one},
};

/// The application without its telemetry endpoints, and with more `routes` below `/api`.
pub(crate) fn application(app: App, settings: &Settings, routes: Router) -> anyhow::Result<Router> {
    let told = PageSettings {
        provider: settings.oidc.as_ref().map(|it| it.name.clone()),
    };
    let page = get(pages::serve).layer(CompressionLayer::new());
    let page = page.with_state(told);
    Ok(Router::new()
        .nest("/api", api(settings, app.cookies, routes)?)
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .with_state(app)
        .merge(
            Router::new()
                .route("/", page.clone())
                .fallback_service(page),
        ))
}

fn api(settings: &Settings, cookies: CookieStyle, routes: Router) -> anyhow::Result<Router<App>> {
    let mut csrf = CsrfLayer::new();
    for origin in &settings.trusted_origins {
        csrf = csrf.add_trusted_origin(origin).context("TRUSTED_ORIGINS")?;
    }
    let forbidden = |_: ProtectionError| StatusCode::FORBIDDEN.into_response();

    let (router, document) = endpoints().split_for_parts();
    let document = openapi::text(&document, cookies)?;
    let document = ([(header::CONTENT_TYPE, "application/json")], document);
    Ok(router
        .route("/openapi.json", get(async || document))
        .merge(routes.with_state(()))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(DefaultBodyLimit::max(settings.limits.max_body_bytes))
        .layer(from_fn_with_state(
            settings.limits.request_timeout,
            limit::time,
        ))
        .layer(csrf.with_rejection_response(forbidden))
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(map_response(problem::complete))
        .layer(set(header::CACHE_CONTROL, "no-store")))
}

/// Each is told of in the API's document, by what is written on its handler.
fn endpoints() -> OpenApiRouter<App> {
    let documents = OpenApiRouter::new()
        .routes(routes!(documents::list::list, upload::upload))
        .layer(DefaultBodyLimit::max(upload::MAX_BODY_BYTES));
    OpenApiRouter::with_openapi(openapi::Api::openapi())
        .routes(routes!(signin::sign_in))
        .routes(routes!(signout::sign_out))
        .routes(routes!(refresh::refresh))
        .routes(routes!(me::me))
        .routes(routes!(change_password::change_password))
        .routes(routes!(oidc::start::start))
        .routes(routes!(oidc::callback::callback))
        .routes(routes!(list::list, create::create))
        .routes(routes!(one::one))
        .merge(documents)
        .routes(routes!(search::search))
        .routes(routes!(documents::one::one))
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
