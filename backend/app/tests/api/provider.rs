//! A real OpenID Connect provider (`oidc-provider` of npm) in a process of its own, and a person's way through it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use reqwest::{Certificate, header};

use crate::{
    authority::Authority,
    npm::installed,
    support::{Browser, TestServer},
};

/// Where the provider believes the application to be. Only the path is asked for.
const PUBLIC_URL: &str = "http://rag-admin.test";

/// It ends when it is dropped.
pub(crate) struct Provider {
    process: Child,
    /// Open, because it goes on writing.
    _stdout: BufReader<ChildStdout>,
    pub(crate) issuer: String,
    /// Who has signed its certificate, if it speaks TLS.
    authority: Option<Authority>,
}

// === impl Provider ===

impl Provider {
    pub(crate) fn start() -> Provider {
        Provider::start_with(None)
    }

    pub(crate) fn start_with(authority: Option<Authority>) -> Provider {
        let mut node = Command::new("node");
        node.arg("provider.mjs")
            .arg(format!("{PUBLIC_URL}/api/v1/auth/oidc/callback"))
            .current_dir(installed("provider"));
        if let Some(authority) = &authority {
            node.args([authority.key(), authority.certificate()]);
        }
        let node = node.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut process = node.expect("Node.js is installed (Debian: nodejs, npm)");
        let mut issuer = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut issuer).unwrap();
        let issuer = issuer.trim().to_owned();
        Provider {
            process,
            _stdout: stdout,
            issuer,
            authority,
        }
    }

    /// A server that one can sign in to with this provider.
    pub(crate) async fn server(&self, more: &[(&str, &str)]) -> TestServer {
        let mut all = vec![
            ("OIDC_ISSUER", self.issuer.as_str()),
            ("OIDC_CLIENT_ID", "rag-admin"),
            ("OIDC_CLIENT_SECRET", "a secret of the tests"),
            ("PUBLIC_URL", PUBLIC_URL),
        ];
        all.extend(more);
        TestServer::start_with(&all).await
    }

    /// Goes where the application sends the browser, signs in there as `who`, and comes back: the path and query of the
    /// address that the provider sends the browser to.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, who: &str) -> String {
        let started = browser.get("/api/v1/auth/oidc/start").await;
        let mut address = location(&started);
        let mut http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        if let Some(authority) = &self.authority {
            let ca = std::fs::read(authority.ca()).unwrap();
            http = http.tls_certs_only([Certificate::from_pem(&ca).unwrap()]);
        }
        let http = http.build().unwrap();
        let mut cookies = BTreeMap::from([("who".to_owned(), who.to_owned())]);
        while !address.starts_with(PUBLIC_URL) {
            let all = cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            let all: Vec<String> = all.collect();
            let request = http.get(&address).header(header::COOKIE, all.join("; "));
            let answer = request.send().await.unwrap();
            for cookie in answer.headers().get_all(header::SET_COOKIE) {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                cookies.insert(name.to_owned(), value.to_owned());
            }
            let next = location(&answer);
            // The provider's own addresses may be without their origin.
            address = match next.starts_with('/') {
                true => format!("{}{next}", self.issuer),
                false => next,
            };
        }
        address.split_off(PUBLIC_URL.len())
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn location(answer: &reqwest::Response) -> String {
    let location = answer.headers().get(header::LOCATION);
    let location = location.unwrap_or_else(|| panic!("{} is no redirection", answer.status()));
    location.to_str().unwrap().to_owned()
}
