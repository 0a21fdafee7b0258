//! What tests ask of a browser, whichever it is.

use anyhow::Result;

use crate::Browser;

/// The few things that a person does, and that a test reads, in any browser. A test written against it runs in all.
pub trait Drive {
    /// Opens an address, and waits until the page and what it asks for at once are loaded.
    fn goto(&self, url: &str) -> impl Future<Output = Result<()>>;

    /// Waits until an element that matches `css` is on the page.
    fn appears(&self, css: &str) -> impl Future<Output = Result<()>>;

    /// Types into the field that matches `css`, over what is there.
    fn fill(&self, css: &str, text: &str) -> impl Future<Output = Result<()>>;

    /// Presses and releases one key after the other in the field that matches `css`: characters, or the code points of
    /// `fantoccini::key::Key`.
    fn press(&self, css: &str, keys: &str) -> impl Future<Output = Result<()>>;

    /// A real click (moved mouse, pressed and released button) on the element that matches `css`.
    fn click(&self, css: &str) -> impl Future<Output = Result<()>>;

    /// The value of a JavaScript expression in the page.
    fn eval(&self, expression: &str) -> impl Future<Output = Result<serde_json::Value>>;
}

impl Drive for Browser {
    async fn goto(&self, url: &str) -> Result<()> {
        Ok(fantoccini::Client::goto(self, url).await?)
    }

    async fn appears(&self, css: &str) -> Result<()> {
        self.element(css).await.map(drop)
    }

    async fn fill(&self, css: &str, text: &str) -> Result<()> {
        Browser::fill(self, css, text).await
    }

    async fn press(&self, css: &str, keys: &str) -> Result<()> {
        Ok(self.element(css).await?.send_keys(keys).await?)
    }

    async fn click(&self, css: &str) -> Result<()> {
        Browser::click(self, css).await
    }

    async fn eval(&self, expression: &str) -> Result<serde_json::Value> {
        Browser::eval(self, expression).await
    }
}
