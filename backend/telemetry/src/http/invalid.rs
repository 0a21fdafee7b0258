//! What is wrong with a setting.

/// A setting of [`HttpSettings`](super::HttpSettings), or a variable in its place, that cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHttpSetting {
    /// A pattern for URLs or headers is no regular expression.
    #[error("one of `{patterns}` is no regular expression: {source}")]
    Pattern {
        /// The patterns, with commas between them.
        patterns: String,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A trusted proxy is neither an IP address nor a network.
    #[error(
        "`{0}` is neither an IP address nor a network such as `10.0.0.0/8`: check the trusted proxies"
    )]
    Network(String),
    /// `OTEL_RUST_HTTP_FORWARDING_HEADERS` is no kind of headers: to guess would be to believe what any client writes.
    #[error("OTEL_RUST_HTTP_FORWARDING_HEADERS is neither `x-forwarded` nor `forwarded`")]
    ForwardingHeaders,
}
