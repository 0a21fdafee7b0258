//! The wire of WebDriver BiDi: commands and their answers, one after the other, over Firefox's WebSocket.
//!
//! <https://www.w3.org/TR/webdriver-bidi/>

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// A page that takes longer to load, or a Firefox that takes longer to answer, is broken.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// A session. It ends with the connection.
#[derive(Debug)]
pub(super) struct Session(Mutex<Wire>);

#[derive(Debug)]
struct Wire {
    socket: WebSocketStream<TcpStream>,
    last_id: u64,
    log: Vec<Value>,
}

// === impl Session ===

impl Session {
    /// Connects to `host:port`, and has what the console shows reported.
    pub(super) async fn open(authority: &str) -> Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        let handshake = client_async(format!("ws://{authority}/session"), stream);
        let (socket, _) = timeout(ANSWERED_WITHIN, handshake).await??;
        let session = Self(Mutex::new(Wire {
            socket,
            last_id: 0,
            log: Vec::new(),
        }));
        session
            .command("session.new", json!({"capabilities": {}}))
            .await?;
        session
            .command("session.subscribe", json!({"events": ["log.entryAdded"]}))
            .await?;
        Ok(session)
    }

    /// Sends a command, and waits for its result.
    pub(super) async fn command(&self, method: &str, params: Value) -> Result<Value> {
        let mut wire = self.0.lock().await;
        match timeout(ANSWERED_WITHIN, wire.command(method, &params)).await {
            Ok(result) => result.with_context(|| format!("Firefox: {method} {params}")),
            Err(_) => bail!("Firefox did not answer {method} {params} within {ANSWERED_WITHIN:?}"),
        }
    }

    /// The log entries (`log.entryAdded`) since the last call.
    pub(super) async fn log(&self) -> Result<Vec<Value>> {
        // What was reported before this answer has then been read.
        self.command("session.status", json!({})).await?;
        Ok(std::mem::take(&mut self.0.lock().await.log))
    }
}

// === impl Wire ===

impl Wire {
    async fn command(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        let command = json!({"id": id, "method": method, "params": params});
        self.socket.send(Message::text(command.to_string())).await?;
        loop {
            let mut message = self.receive().await?;
            if message["method"] == "log.entryAdded" {
                self.log.push(message["params"].take());
            }
            // Another id is that of a command whose time was over.
            if message["id"] != id {
                continue;
            }
            if message["type"] == "success" {
                return Ok(message["result"].take());
            }
            let text = |key: &str| message[key].as_str().unwrap_or_default();
            bail!("{}: {}", text("error"), text("message"));
        }
    }

    async fn receive(&mut self) -> Result<Value> {
        loop {
            let message = self.socket.next().await;
            let message = message.context("Firefox has closed the connection")??;
            if let Message::Text(text) = message {
                return Ok(serde_json::from_str(&text)?);
            }
        }
    }
}
