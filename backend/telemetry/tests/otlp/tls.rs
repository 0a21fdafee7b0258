//! Handshakes: whom we believe, and who believes us.

use crate::{
    receiver::{PROTOCOLS, Reply, Script, make_spans, telemetry},
    support::{LONG, alone},
};
use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig, crypto::ring, pki_types::PrivateKeyDer,
    server::WebPkiClientVerifier,
};
use std::{fs, sync::Arc, time::Duration};
use tempfile::TempDir;
use throughline_instrument::{DropReason, Ledger};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

/// Long enough for a handshake on this machine.
const SHORT: Duration = Duration::from_secs(1);

/// A certificate authority, and files in PEM: itself, and what it has signed for a client.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    files: TempDir,
}

/// Who may send a receiver something.
#[derive(Clone, Copy, PartialEq)]
enum Clients {
    Anybody,
    Known,
}

struct Receiver {
    endpoint: String,
    script: Script,
    task: JoinHandle<()>,
}

// === impl Authority ===

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let files = tempfile::tempdir().unwrap();
        fs::write(files.path().join("ca.pem"), issuer.pem()).unwrap();
        let (key, certificate) = sign(&issuer, "client");
        fs::write(files.path().join("key.pem"), key.serialize_pem()).unwrap();
        fs::write(files.path().join("certificate.pem"), certificate.pem()).unwrap();
        Self { issuer, files }
    }

    fn file(&self, name: &str) -> String {
        let path = self.files.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    /// A receiver on this machine with a certificate of this authority.
    async fn receiver(&self, clients: Clients) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("https://{}", listener.local_addr().unwrap());
        let acceptor = TlsAcceptor::from(Arc::new(self.server(clients)));
        let script = Script::new(&[], Reply::Accept);
        let router = script.router();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(acceptor.accept(stream), router.clone()));
            }
        });
        Receiver {
            endpoint,
            script,
            task,
        }
    }

    fn server(&self, clients: Clients) -> ServerConfig {
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = match clients {
            Clients::Anybody => config.with_no_client_auth(),
            Clients::Known => {
                let mut roots = RootCertStore::empty();
                roots.add(self.issuer.der().clone()).unwrap();
                let known =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                config.with_client_cert_verifier(known.unwrap())
            }
        };
        let (key, certificate) = sign(&self.issuer, "127.0.0.1");
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = config
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }
}

fn sign(issuer: &CertifiedIssuer<'_, KeyPair>, name: &str) -> (KeyPair, rcgen::Certificate) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    (key, certificate)
}

async fn serve(accept: tokio_rustls::Accept<tokio::net::TcpStream>, router: Router) {
    // A handshake that fails is what some of these tests are about.
    if let Ok(stream) = accept.await {
        let service = TowerToHyperService::new(router);
        let _ = auto::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }
}

/// What becomes of two spans within a time.
async fn export(
    receiver: &Receiver,
    protocol: &str,
    files: &[(&str, &str)],
    time: Duration,
) -> Ledger {
    let mut variables = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "none"),
    ];
    variables.extend(files);
    let telemetry = telemetry(&variables);
    make_spans(&telemetry, 2);
    let ledger = telemetry.shutdown(time).await[0];
    assert_eq!(receiver.script.accepted(), ledger.exported);
    ledger
}

#[tokio::test]
async fn a_receiver_is_believed_if_its_authority_is_trusted() {
    let _alone = alone();
    let authority = Authority::new();
    let ca = authority.file("ca.pem");
    for protocol in PROTOCOLS {
        let receiver = authority.receiver(Clients::Anybody).await;
        let trusted = [("OTEL_EXPORTER_OTLP_CERTIFICATE", ca.as_str())];
        let ledger = export(&receiver, protocol, &trusted, LONG).await;
        assert_eq!(ledger.exported, 2, "{protocol}");
        receiver.task.abort();
    }
}

#[tokio::test]
async fn a_receiver_with_a_foreign_certificate_gets_nothing() {
    let _alone = alone();
    let (authority, other) = (Authority::new(), Authority::new());
    let ca = other.file("ca.pem");
    let trusted = [("OTEL_EXPORTER_OTLP_CERTIFICATE", ca.as_str())];
    // The system's authorities, and one that has signed something else.
    for files in [&[][..], &trusted] {
        for protocol in PROTOCOLS {
            let receiver = authority.receiver(Clients::Anybody).await;
            let ledger = export(&receiver, protocol, files, SHORT).await;
            assert_eq!(ledger.dropped(DropReason::Shutdown), 2, "{protocol}");
            receiver.task.abort();
        }
    }
}

#[tokio::test]
async fn a_receiver_that_wants_a_certificate_gets_ours() {
    let _alone = alone();
    let authority = Authority::new();
    let file = |name| authority.file(name);
    let (ca, key, certificate) = (file("ca.pem"), file("key.pem"), file("certificate.pem"));
    let files = [
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", ca.as_str()),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &key),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &certificate),
    ];
    for protocol in PROTOCOLS {
        let receiver = authority.receiver(Clients::Known).await;
        let ledger = export(&receiver, protocol, &files[..1], SHORT).await;
        assert_eq!(ledger.dropped(DropReason::Shutdown), 2, "{protocol}");
        let ledger = export(&receiver, protocol, &files, LONG).await;
        assert_eq!(ledger.exported, 2, "{protocol}");
        receiver.task.abort();
    }
}
