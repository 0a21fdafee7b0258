//! TLS to the receiver: rustls with ring.

use crate::settings::{Protocol, Tls};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{fs, io, path::Path, sync::Arc};

/// Why there is no TLS. It names files and never quotes them.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("`{path}` cannot be read: {source}")]
    File { path: String, source: io::Error },
    #[error("`{path}` holds no {what} in PEM")]
    Pem { path: String, what: &'static str },
    #[error("the certificates do not fit: {0}")]
    Rustls(#[from] rustls::Error),
    #[error("a client certificate needs its key, and a key its certificate")]
    HalfAnIdentity,
}

/// Connects by HTTP or HTTPS, as the URL says.
pub(super) fn connector(
    tls: &Tls,
    protocol: Protocol,
) -> Result<HttpsConnector<HttpConnector>, TlsError> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities(tls)?);
    let config = match identity(tls)? {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let key = PrivateKeyDer::from_pem_slice(&key.pem).map_err(|_| key.holds_no("key"))?;
            config.with_client_auth_cert(certificates(&certificate)?, key)?
        }
    };
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    // The frames of HTTP/2 are small, and would wait 40 ms for each other.
    tcp.set_nodelay(true);
    let builder = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http();
    Ok(match protocol {
        Protocol::HttpProtobuf => builder.enable_http1().wrap_connector(tcp),
        Protocol::Grpc => builder.enable_http2().wrap_connector(tcp),
    })
}

/// A file, read.
struct Pem {
    path: String,
    pem: Vec<u8>,
}

// === impl Pem ===

impl Pem {
    fn read(path: &Path) -> Result<Self, TlsError> {
        let name = path.display().to_string();
        match fs::read(path) {
            Ok(pem) => Ok(Self { path: name, pem }),
            Err(source) => Err(TlsError::File { path: name, source }),
        }
    }

    fn holds_no(&self, what: &'static str) -> TlsError {
        let path = self.path.clone();
        TlsError::Pem { path, what }
    }
}

/// Those of the file, or those of the system. A system without any makes every connection by TLS fail, and no other.
fn authorities(tls: &Tls) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    let certificates = match &tls.authorities {
        Some(path) => certificates(&Pem::read(path)?)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    store.add_parsable_certificates(certificates);
    Ok(store)
}

fn identity(tls: &Tls) -> Result<Option<(Pem, Pem)>, TlsError> {
    match (&tls.client_certificate, &tls.client_key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some((Pem::read(certificate)?, Pem::read(key)?))),
        _ => Err(TlsError::HalfAnIdentity),
    }
}

fn certificates(file: &Pem) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&file.pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(file.holds_no("certificate")),
    }
}
