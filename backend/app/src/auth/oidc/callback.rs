//! `GET /api/v1/auth/oidc/callback`

use std::{net::IpAddr, time::Instant};

use axum::{
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use rag_admin_api::{User, paths};
use serde::Deserialize;
use tracing::{Instrument, Span, field, info, info_span, warn};

use super::{
    attempt::Attempt,
    identities,
    provider::{NobodyKnown, Provider},
};
use crate::{
    app::App,
    auth::sessions::{self, TokenPair},
    client::ClientAddress,
    clock,
    metrics::{Method, Outcome, signed_in},
};

/// What the provider sends the browser back with (RFC 6749, 4.1.2).
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Answer {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
}

/// Why a person is not signed in.
#[derive(Debug, thiserror::Error)]
enum NotSignedIn {
    #[error("the answer belongs to no attempt of this browser")]
    NotAsked,
    #[error("too many tries")]
    TooMany,
    #[error(transparent)]
    Nobody(#[from] NobodyKnown),
    #[error("user not found")]
    UserNotFound,
    #[error("internal error")]
    Internal(#[from] anyhow::Error),
}

impl NotSignedIn {
    fn outcome(&self) -> Outcome {
        match self {
            NotSignedIn::TooMany => Outcome::Limited,
            NotSignedIn::Internal(_) | NotSignedIn::Nobody(NobodyKnown::Provider(_)) => {
                Outcome::Failure
            }
            _ => Outcome::Refused,
        }
    }
}

/// The browser is back from the provider: 303 to the page, signed in with two cookies, or with a word of why not.
#[utoipa::path(
    get,
    operation_id = "end_sign_in_with_provider",
    path = "/v1/auth/oidc/callback",
    params(Answer),
    responses((status = 303, description = "To the page, signed in with two cookies, or with a word of why not.")),
)]
pub(crate) async fn callback(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Response {
    let started = Instant::now();
    let result = sign_in(&app, address, &headers, answer).await;
    let ended = |outcome| signed_in(outcome, Method::Provider, started.elapsed());
    let forget = app.cookies.clear_attempt();
    match result {
        Ok((user, pair)) => {
            ended(Outcome::Success);
            let shown = app.telemetry_email.show(&user.email);
            info!(user.id = user.id, user.email = shown, "signed in");
            (forget, app.cookies.set(&pair), Redirect::to("/")).into_response()
        }
        Err(error) => {
            ended(error.outcome());
            let text = format!("{:#}", anyhow::Error::from(error));
            warn!(reason = text, "sign-in with the provider failed");
            (
                forget,
                Redirect::to(&format!("/{}", paths::PROVIDER_FAILED)),
            )
                .into_response()
        }
    }
}

async fn sign_in(
    app: &App,
    address: IpAddr,
    headers: &HeaderMap,
    answer: Answer,
) -> Result<(User, TokenPair), NotSignedIn> {
    let attempt = app.cookies.attempt(headers);
    let attempt = attempt.and_then(|cookie| Attempt::from_cookie(&cookie));
    let attempt = attempt.filter(|it| it.is_answered_by(&answer.state));
    let (Some(provider), Some(attempt)) = (&app.oidc, attempt) else {
        return Err(NotSignedIn::NotAsked);
    };
    // Each code is a request to the provider: nobody is to make us ask it without end.
    let tried = app.limiter.try_once("", address, Instant::now());
    tried.map_err(|_| NotSignedIn::TooMany)?;
    let span = info_span!(
        "authenticate_user",
        auth.method = "oidc",
        auth.success = field::Empty,
        user.id = field::Empty,
        user.email = field::Empty,
        otel.status_description = field::Empty,
    );
    async {
        let result = authenticate(app, provider, answer.code, attempt).await;
        let span = Span::current();
        span.record("auth.success", result.is_ok());
        match &result {
            Ok((user, _)) => {
                app.limiter.succeeded("", address);
                span.record("user.id", &user.id);
                span.record("user.email", app.telemetry_email.show(&user.email));
            }
            Err(error) => {
                span.record("otel.status_description", error.to_string());
            }
        }
        result
    }
    .instrument(span)
    .await
}

async fn authenticate(
    app: &App,
    provider: &Provider,
    code: String,
    attempt: Attempt,
) -> Result<(User, TokenPair), NotSignedIn> {
    let person = provider.redeem(code, attempt).await?;
    let user = identities::account(&app.db, provider.issuer(), &person, provider.sign_up).await?;
    let user = user.ok_or(NotSignedIn::UserNotFound)?;
    let pair = sessions::open(&app.db, &user.id, clock::unix_seconds()).await?;
    Ok((user, pair))
}
