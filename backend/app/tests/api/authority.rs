//! A certificate authority of a test's own, and what it has signed: a certificate for this machine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

/// Files in PEM, as long as it lives.
pub(crate) struct Authority(TempDir);

// === impl Authority ===

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let certificate = certificate.signed_by(&key, &ca).unwrap();

        let authority = Authority(TempDir::new().unwrap());
        fs::write(authority.ca(), ca.pem()).unwrap();
        fs::write(authority.key(), key.serialize_pem()).unwrap();
        fs::write(authority.certificate(), certificate.pem()).unwrap();
        authority
    }

    /// Whom to trust.
    pub(crate) fn ca(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// The server's key.
    pub(crate) fn key(&self) -> PathBuf {
        self.file("key.pem")
    }

    /// The server's certificate, for `127.0.0.1`.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.file("certificate.pem")
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::new(self.0.path()).join(name)
    }
}
