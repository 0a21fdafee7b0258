//! Headless Chromium, driven through ChromeDriver.

use std::ops::Deref;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use fantoccini::elements::Element;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Process, program, until};

/// A browser with a profile of its own. Dropping it ends the browser and its driver.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    address: String,
    _driver: Process,
    _profile: TempDir,
}

const READY_WITHIN: Duration = Duration::from_secs(20);
const VISIBLE_WITHIN: Duration = Duration::from_secs(15);

impl Browser {
    /// Starts ChromeDriver (`CHROMEDRIVER`) on a free port, and a fresh Chromium (`CHROMIUM`).
    pub async fn start() -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut command = Command::new(program("CHROMEDRIVER", "/usr/bin/chromedriver")?);
        // It is killed in the end, and leaves its temporary files.
        command.arg("--port=0").env("TMPDIR", profile.path());
        let mut driver = Process::start(command)?;
        let address = until("ChromeDriver", READY_WITHIN, async || {
            driver.check_running()?;
            let port = port_in(&driver.stdout()).context("it has not said its port")?;
            Ok(format!("http://127.0.0.1:{port}"))
        })
        .await?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(&profile)?)
            .connect(&address)
            .await
            .context("Chromium does not start")?;
        Ok(Self {
            client,
            address,
            _driver: driver,
            _profile: profile,
        })
    }

    /// The element that matches `css`, once it is there. While the page changes, ChromeDriver has many ways to say no.
    pub async fn element(&self, css: &str) -> Result<Element> {
        until(&format!("{css} on the page"), VISIBLE_WITHIN, async || {
            Ok(self.client.find(Locator::Css(css)).await?)
        })
        .await
    }

    /// Types into the field that matches `css`, over what is there.
    pub async fn fill(&self, css: &str, text: &str) -> Result<()> {
        let field = self.element(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// A real click (moved mouse, pressed and released button) on the element that matches `css`.
    pub async fn click(&self, css: &str) -> Result<()> {
        Ok(self.element(css).await?.click().await?)
    }

    /// The value of a JavaScript expression in the page.
    pub async fn eval(&self, expression: &str) -> Result<Value> {
        Ok(self
            .client
            .execute(&format!("return {expression}"), vec![])
            .await?)
    }

    /// Bytes that the page's objects take, once what nobody holds any more is gone: those of JavaScript, of the document,
    /// and the memory behind buffers and WebAssembly.
    pub async fn heap_bytes(&self) -> Result<u64> {
        self.devtools("HeapProfiler.collectGarbage").await?;
        let usage = self.devtools("Runtime.getHeapUsage").await?;
        let parts = ["usedSize", "embedderHeapUsedSize", "backingStorageSize"];
        let bytes: Option<f64> = parts.into_iter().map(|it| usage[it].as_f64()).sum();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        bytes.map(|it| it as u64).context("no heap usage")
    }

    /// Calls a method of the Chrome DevTools Protocol that takes no parameters.
    async fn devtools(&self, method: &str) -> Result<Value> {
        let command = json!({"cmd": method, "params": {}});
        self.command("goog/cdp/execute", &command).await
    }

    /// A command of ChromeDriver that fantoccini does not know.
    async fn command(&self, command: &str, parameters: &Value) -> Result<Value> {
        let session = self.client.session_id().await?.context("no session")?;
        let answer: Value = reqwest::Client::new()
            .post(format!("{}/session/{session}/{command}", self.address))
            .json(parameters)
            .send()
            .await?
            .json()
            .await?;
        Ok(answer["value"].clone())
    }

    /// What the browser's console shows since the last call: errors of scripts, refused resources, violations of the
    /// Content-Security-Policy, failed requests.
    pub async fn console(&self) -> Result<Vec<String>> {
        let log = self.command("se/log", &json!({"type": "browser"})).await?;
        let entries = log.as_array().context("no log")?.iter();
        let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
        Ok(entries
            .map(|it| text(it, "level") + " " + &text(it, "message"))
            .collect())
    }
}

impl Deref for Browser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

fn port_in(lines: &[String]) -> Option<u16> {
    let said = "started successfully on port ";
    lines
        .iter()
        .find_map(|it| it.split_once(said)?.1.trim_end_matches('.').parse().ok())
}

fn capabilities(profile: &TempDir) -> Result<Capabilities> {
    let capabilities = json!({
        "goog:loggingPrefs": {"browser": "ALL"},
        "goog:chromeOptions": {
            "binary": program("CHROMIUM", "/usr/bin/chromium")?,
            "args": [
                "--headless=new",
                "--no-sandbox", // Chromium as root, as in a container, refuses to start with it
                "--disable-gpu",
                "--disable-background-networking", // else it keeps looking for hosts that are not there
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                format!("--user-data-dir={}", profile.path().display()),
            ],
        },
    });
    Ok(serde_json::from_value(capabilities)?)
}
