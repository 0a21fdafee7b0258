//! The provider: where it is, and what it says of a person.

use std::time::{Duration, Instant};

use anyhow::Context;
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata},
    url::Url,
};
use rag_admin_api::paths;
use throughline_instrument::reqwest::ClientWithMiddleware;
use tokio::sync::Mutex;

use super::{attempt::Attempt, http};
use crate::{auth::Secret, settings::OidcSettings, users::Email};

/// How long what the provider says of itself (addresses, keys) holds. A new key is known after that at the latest.
const METADATA_LIFETIME: Duration = Duration::from_secs(10 * 60);

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// An OpenID Connect provider. It is asked for its addresses when somebody first signs in: a server starts without it.
#[derive(Debug)]
pub(crate) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Secret,
    redirect: RedirectUrl,
    http: ClientWithMiddleware,
    metadata: Mutex<Option<(Instant, CoreProviderMetadata)>>,
    pub(super) sign_up: bool,
}

/// Who the provider says that it is.
#[derive(Debug)]
pub(super) struct Person {
    /// Permanent, and nobody else's with this provider.
    pub(super) subject: String,
    /// It has been verified to be the person's.
    pub(super) email: Email,
}

/// Why the provider does not tell who somebody is.
#[derive(Debug, thiserror::Error)]
pub(super) enum NobodyKnown {
    #[error("no verified e-mail address")]
    NoEmail,
    #[error("the provider does not confirm it")]
    Provider(#[source] anyhow::Error),
}

// === impl Provider ===

impl Provider {
    pub(crate) fn new(settings: &OidcSettings, public_url: &str) -> anyhow::Result<Provider> {
        let redirect = format!(
            "{}{}",
            public_url.trim_end_matches('/'),
            paths::PROVIDER_CALLBACK
        );
        Ok(Provider {
            issuer: IssuerUrl::new(settings.issuer.clone()).context("OIDC_ISSUER")?,
            client_id: ClientId::new(settings.client_id.clone()),
            client_secret: settings.client_secret.clone(),
            redirect: RedirectUrl::new(redirect).context("PUBLIC_URL")?,
            http: http::client(settings.ca_file.as_deref())?,
            metadata: Mutex::new(None),
            sign_up: settings.sign_up,
        })
    }

    pub(super) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// Where to send a person who wants to sign in, and what to remember until they come back.
    pub(super) async fn begin(&self) -> anyhow::Result<(Url, Attempt)> {
        let client = self.client().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let attempt = Attempt {
            state,
            nonce,
            verifier,
        };
        Ok((url, attempt))
    }

    /// Exchanges the code that a person came back with for who they are.
    pub(super) async fn redeem(
        &self,
        code: String,
        attempt: Attempt,
    ) -> Result<Person, NobodyKnown> {
        let Attempt {
            nonce, verifier, ..
        } = attempt;
        let claims = self.claims(code, &nonce, verifier).await;
        let (subject, email) = claims.map_err(NobodyKnown::Provider)?;
        let email = email.and_then(|email| Email::parse(&email).ok());
        Ok(Person {
            subject,
            email: email.ok_or(NobodyKnown::NoEmail)?,
        })
    }

    /// The subject, and the e-mail address if it is verified.
    async fn claims(
        &self,
        code: String,
        nonce: &Nonce,
        verifier: PkceCodeVerifier,
    ) -> anyhow::Result<(String, Option<String>)> {
        let client = self.client().await?;
        let http = |request| http::send(self.http.clone(), request);
        let token = client
            .exchange_code(AuthorizationCode::new(code))?
            .set_pkce_verifier(verifier)
            .request_async(&http)
            .await
            .context("the token endpoint")?;
        let id_token = token.id_token().context("there is no ID token")?;
        // Signature, issuer, audience, expiry and nonce.
        let claims = id_token.claims(&client.id_token_verifier(), nonce)?;
        let email = claims
            .email()
            .filter(|_| claims.email_verified() == Some(true));
        Ok((
            claims.subject().to_string(),
            email.map(|email| email.to_string()),
        ))
    }

    async fn client(&self) -> anyhow::Result<Client> {
        let secret = ClientSecret::new(self.client_secret.expose().to_owned());
        let metadata = self.metadata().await?;
        let client =
            CoreClient::from_provider_metadata(metadata, self.client_id.clone(), Some(secret));
        Ok(client.set_redirect_uri(self.redirect.clone()))
    }

    /// Addresses and keys of the provider. Who comes while they are asked for waits for the same answer.
    async fn metadata(&self) -> anyhow::Result<CoreProviderMetadata> {
        let mut known = self.metadata.lock().await;
        if let Some((since, metadata)) = &*known
            && since.elapsed() < METADATA_LIFETIME
        {
            return Ok(metadata.clone());
        }
        let http = |request| http::send(self.http.clone(), request);
        let metadata = CoreProviderMetadata::discover_async(self.issuer.clone(), &http).await;
        let metadata = metadata.context("the provider's configuration")?;
        *known = Some((Instant::now(), metadata.clone()));
        Ok(metadata)
    }
}
