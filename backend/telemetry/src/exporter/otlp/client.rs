//! Sends the messages of one signal to its receiver.

use super::{
    super::{Ended, tls},
    grpc, http,
    transport::Transport,
};
use crate::settings::{Compression, Otlp, Protocol};
use ::http::{HeaderMap, HeaderValue, Request, Uri, header, uri};
use bytes::Bytes;
use flate2::write::GzEncoder;
use http_body_util::Full;
use std::{error::Error, fmt, io::Write};

/// Who sends this, as the specification wants it told.
const USER_AGENT: &str = concat!("throughline-instrument/", env!("CARGO_PKG_VERSION"));

/// A receiver of one signal, and how it is spoken to.
pub(super) struct Client {
    transport: Transport,
    protocol: Protocol,
    compression: Compression,
    uri: Uri,
    headers: HeaderMap,
}

// === impl Client ===

impl Client {
    /// `service` is the one of gRPC that takes the signal.
    pub(super) fn new(otlp: &Otlp, service: &str) -> Result<Self, Box<dyn Error>> {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        for (name, value) in &otlp.headers.0 {
            let name: ::http::HeaderName = name.parse()?;
            headers.append(name, value.parse()?);
        }
        match otlp.protocol {
            Protocol::HttpProtobuf => http::headers(&mut headers, otlp.compression),
            Protocol::Grpc => grpc::headers(&mut headers, otlp.compression, otlp.timeout),
        }
        let connector = tls::connector(&otlp.tls, otlp.protocol)?;
        Ok(Self {
            transport: Transport::new(connector, otlp.protocol, otlp.timeout),
            protocol: otlp.protocol,
            compression: otlp.compression,
            uri: address(otlp, service)?,
            headers,
        })
    }

    /// For logs.
    pub(super) fn name(&self) -> &'static str {
        match self.protocol {
            Protocol::HttpProtobuf => "otlp_http",
            Protocol::Grpc => "otlp_grpc",
        }
    }

    /// `message` is the signal's request, in protobuf.
    pub(super) async fn export(&self, message: Vec<u8>) -> Ended {
        let request = match self.request(message) {
            Ok(request) => request,
            Err(error) => return Ended::unwritable(error.to_string()),
        };
        match (self.transport.send(request).await, self.protocol) {
            (Ok(answer), Protocol::HttpProtobuf) => http::ended(&answer),
            (Ok(answer), Protocol::Grpc) => grpc::ended(&answer),
            (Err(no_answer), _) => Ended::retry(None, no_answer.to_string()),
        }
    }

    fn request(&self, mut body: Vec<u8>) -> Result<Request<Full<Bytes>>, Box<dyn Error>> {
        if self.compression == Compression::Gzip {
            body = gzip(&body)?;
        }
        if self.protocol == Protocol::Grpc {
            body = grpc::frame(&body, self.compression)?;
        }
        let mut request = Request::post(&self.uri).body(Full::from(body))?;
        request.headers_mut().clone_from(&self.headers);
        Ok(request)
    }
}

impl fmt::Debug for Client {
    /// Without address and headers, which may hold keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where requests go. For gRPC an address without a scheme is one of TLS.
fn address(otlp: &Otlp, service: &str) -> Result<Uri, Box<dyn Error>> {
    let given: Uri = otlp.url.parse()?;
    let scheme = match (given.scheme_str(), otlp.protocol) {
        (Some(scheme @ ("http" | "https")), _) => scheme,
        (None, Protocol::Grpc) => "https",
        _ => return Err("an address with http:// or https:// is wanted".into()),
    };
    // Credentials in the URL are no part of what HTTP/2 calls the authority.
    let host = given.host().ok_or("there is no host in it")?;
    let authority = match given.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let path = match otlp.protocol {
        Protocol::HttpProtobuf => given
            .path_and_query()
            .map_or("/", |it| it.as_str())
            .to_owned(),
        Protocol::Grpc => format!(
            "{}/opentelemetry.proto.collector.{service}/Export",
            given.path().trim_end_matches('/')
        ),
    };
    let address = uri::Builder::new().scheme(scheme).authority(authority);
    Ok(address.path_and_query(path).build()?)
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}
