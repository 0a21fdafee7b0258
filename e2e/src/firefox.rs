//! Headless Firefox, driven over WebDriver BiDi: Firefox speaks it itself, without a driver beside it.

mod bidi;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use self::bidi::Session;
use crate::{Drive, Process, program, until};

/// A Firefox with a profile of its own and one tab. Dropping it ends it.
#[derive(Debug)]
pub struct Firefox {
    session: Session,
    tab: String,
    _process: Process,
    _profile: TempDir,
}

const READY_WITHIN: Duration = Duration::from_secs(30);
const VISIBLE_WITHIN: Duration = Duration::from_secs(15);

/// What must hold before the session begins. Then Firefox itself sets what else tests want
/// (`remote.prefs.recommended`).
const PREFERENCES: &str = r#"
// Addresses of this machine need no names: nothing else can be reached, whatever Firefox would like to fetch or report.
user_pref("network.dns.disabled", true);
user_pref("app.update.disabledForTesting", true);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
// An empty tab, and no page for people who see Firefox for the first time.
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("browser.startup.page", 0);
"#;

/// The modifier's code point in WebDriver.
const CONTROL: &str = "\u{e009}";

// === impl Firefox ===

impl Firefox {
    /// Starts Firefox (`FIREFOX`) with a fresh profile.
    pub async fn start() -> Result<Self> {
        let profile = tempfile::tempdir()?;
        std::fs::write(profile.path().join("user.js"), PREFERENCES)?;
        let mut process = Process::start(command(profile.path())?)?;
        let authority = until("Firefox", READY_WITHIN, async || {
            process.check_running()?;
            authority_in(&process.output()).context("it has not said its port")
        })
        .await
        .with_context(|| format!("Firefox does not start:\n{}", process.output()))?;
        let session = Session::open(&authority)
            .await
            .context("no WebDriver BiDi session")?;
        let tabs = session
            .command("browsingContext.getTree", json!({"maxDepth": 0}))
            .await?;
        let tab = tabs["contexts"][0]["context"].as_str();
        Ok(Self {
            tab: tab.context("Firefox has no tab")?.to_owned(),
            session,
            _process: process,
            _profile: profile,
        })
    }

    /// What the browser's console shows since the last call: errors that no script caught, and what scripts wrote.
    pub async fn console(&self) -> Result<Vec<String>> {
        let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
        let entries = self.session.log().await?;
        Ok(entries
            .iter()
            .map(|it| text(it, "level") + " " + &text(it, "text"))
            .collect())
    }

    /// The element that matches `css`, once it is there, by WebDriver's name for it.
    async fn element(&self, css: &str) -> Result<Value> {
        let params = json!({
            "context": self.tab,
            "locator": {"type": "css", "value": css},
            "maxNodeCount": 1,
        });
        until(&format!("{css} on the page"), VISIBLE_WITHIN, async || {
            let command = self
                .session
                .command("browsingContext.locateNodes", params.clone());
            let mut found = command.await?;
            let node = found["nodes"].get_mut(0).context("there is none")?;
            Ok(node["sharedId"].take())
        })
        .await
    }

    /// Does one thing after the other with a `pointer` or a `key`board.
    async fn perform(&self, device: &str, actions: &[Value]) -> Result<()> {
        let source = json!({"type": device, "id": device, "actions": actions});
        let params = json!({"context": self.tab, "actions": [source]});
        let command = self.session.command("input.performActions", params);
        command.await.map(drop)
    }
}

impl Drive for Firefox {
    async fn goto(&self, url: &str) -> Result<()> {
        let params = json!({"context": self.tab, "url": url, "wait": "complete"});
        let command = self.session.command("browsingContext.navigate", params);
        command.await.map(drop)
    }

    async fn appears(&self, css: &str) -> Result<()> {
        self.element(css).await.map(drop)
    }

    async fn fill(&self, css: &str, text: &str) -> Result<()> {
        self.click(css).await?;
        let [hold, release] = stroke(CONTROL);
        let [down, up] = stroke("a");
        self.perform("key", &[hold, down, up, release]).await?;
        self.perform("key", &strokes(text)).await
    }

    async fn press(&self, css: &str, keys: &str) -> Result<()> {
        self.click(css).await?;
        self.perform("key", &strokes(keys)).await
    }

    async fn click(&self, css: &str) -> Result<()> {
        let element = json!({"type": "element", "element": {"sharedId": self.element(css).await?}});
        let actions = [
            json!({"type": "pointerMove", "x": 0, "y": 0, "origin": element}),
            json!({"type": "pointerDown", "button": 0}),
            json!({"type": "pointerUp", "button": 0}),
        ];
        self.perform("pointer", &actions).await
    }

    async fn eval(&self, expression: &str) -> Result<Value> {
        let params = json!({
            // WebDriver BiDi has a notation of its own for values.
            "expression": format!("JSON.stringify(({expression}) ?? null)"),
            "target": {"context": self.tab},
            "awaitPromise": false,
        });
        let answer = self.session.command("script.evaluate", params).await?;
        match answer["result"]["value"].as_str() {
            Some(json) => Ok(serde_json::from_str(json)?),
            None => bail!("{expression}: {}", answer["exceptionDetails"]["text"]),
        }
    }
}

fn command(profile: &Path) -> Result<Command> {
    let mut command = Command::new(program("FIREFOX", "/usr/bin/firefox-esr")?);
    command
        .args(["--headless", "--no-remote", "--remote-debugging-port=0"])
        .arg("--profile")
        .arg(profile)
        .arg("about:blank")
        .env("MOZ_CRASHREPORTER_DISABLE", "1")
        // It is killed in the end, and leaves caches and temporary files.
        .env("HOME", profile)
        .env("TMPDIR", profile);
    for elsewhere in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
        command.env_remove(elsewhere);
    }
    Ok(command)
}

/// `host:port`, from `WebDriver BiDi listening on ws://host:port`.
fn authority_in(output: &str) -> Option<String> {
    let said = "WebDriver BiDi listening on ws://";
    let mut lines = output.lines();
    lines.find_map(|it| Some(it.split_once(said)?.1.trim().to_owned()))
}

fn strokes(keys: &str) -> Vec<Value> {
    keys.chars()
        .flat_map(|it| stroke(it.encode_utf8(&mut [0; 4])))
        .collect()
}

/// A key, pressed and released.
fn stroke(key: &str) -> [Value; 2] {
    ["keyDown", "keyUp"].map(|action| json!({"type": action, "value": key}))
}
