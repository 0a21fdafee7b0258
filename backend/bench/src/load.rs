//! A closed loop: each connection sends its next request when it has the answer to the last one.
//!
//! It reads as little of HTTP as it can, so that it never is what is measured.

use anyhow::{Context as _, Result, ensure};
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

/// Requests under way at a time.
const CONNECTIONS: usize = 16;

/// Connections to one server, open between the rounds.
#[derive(Debug)]
pub(crate) struct Load {
    connections: Vec<Connection>,
}

/// When a round ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    Time(Instant),
    /// So many requests on each connection.
    Count(u64),
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    /// What is read into: as long as every response is.
    response: Vec<u8>,
}

// === impl Load ===

impl Load {
    /// Opens the connections and sends a first request on each.
    pub(crate) async fn open(port: u16, path: &str) -> Result<Self> {
        let mut connections = Vec::new();
        for number in 0..CONNECTIONS {
            connections.push(Connection::open(port, path, number).await?);
        }
        Ok(Self { connections })
    }

    /// Runs until `until`. How many requests that were, and how long they took.
    pub(crate) async fn run(&mut self, until: Until) -> Result<(u64, Duration)> {
        let mut running = JoinSet::new();
        let started = Instant::now();
        for mut connection in self.connections.drain(..) {
            running.spawn(async move {
                let count = connection.run(until).await?;
                anyhow::Ok((connection, count))
            });
        }
        let mut total = 0;
        while let Some(done) = running.join_next().await {
            let (connection, count) = done??;
            self.connections.push(connection);
            total += count;
        }
        Ok((total, started.elapsed()))
    }
}

// === impl Connection ===

impl Connection {
    async fn open(port: u16, path: &str, number: usize) -> Result<Self> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\n\
             host: 127.0.0.1:{port}\r\n\
             user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
             accept: */*\r\n\
             traceparent: 00-{:032x}-b7ad6b7169203331-01\r\n\r\n",
            0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128 + number as u128,
        );
        stream.write_all(request.as_bytes()).await?;
        let mut response = Vec::new();
        let length = loop {
            ensure!(stream.read_buf(&mut response).await? > 0, "no response");
            if let Some(length) = length(&response)? {
                break length;
            }
        };
        let missing = length.saturating_sub(response.len());
        response.resize(length, 0);
        let there = length - missing;
        stream.read_exact(&mut response[there..]).await?;
        Ok(Self {
            stream,
            request: request.into_bytes(),
            response,
        })
    }

    async fn run(&mut self, until: Until) -> Result<u64> {
        let mut count = 0;
        while until.goes_on(count) {
            self.stream.write_all(&self.request).await?;
            self.stream.read_exact(&mut self.response).await?;
            ensure!(
                self.response.starts_with(b"HTTP/1.1 200 "),
                "the server failed: {}",
                String::from_utf8_lossy(&self.response)
            );
            count += 1;
        }
        Ok(count)
    }
}

/// How long a response is that begins like this, once its head is there.
fn length(response: &[u8]) -> Result<Option<usize>> {
    let Some(head) = response.windows(4).position(|it| it == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&response[..head])?;
    ensure!(
        text.starts_with("HTTP/1.1 200 "),
        "the server failed: {text}"
    );
    let body = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let body: usize = body.context("no content-length")?.parse()?;
    Ok(Some(head + 4 + body))
}

// === impl Until ===

impl Until {
    fn goes_on(self, count: u64) -> bool {
        match self {
            Self::Time(end) => Instant::now() < end,
            Self::Count(end) => count < end,
        }
    }
}
