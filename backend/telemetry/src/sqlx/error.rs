//! What a span tells of an error: its class, never its message, which may quote values.

use opentelemetry::KeyValue;
use sqlx::Error;
use std::borrow::Cow;
use throughline_core::names::{db, error};

/// How a query failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// `error.type`, of low cardinality: the database's own code where there is one, as the conventions ask for.
    class: Cow<'static, str>,
    /// `db.response.status_code`: the SQLSTATE, or SQLite's extended result code.
    code: Option<String>,
}

// === impl Failure ===

impl Failure {
    /// `None` for an answer like any other: that there is no such row.
    pub(super) fn of(error: &Error) -> Option<Self> {
        if matches!(error, Error::RowNotFound) {
            return None;
        }
        let code = error.as_database_error().and_then(|error| error.code());
        let code = code.map(Cow::into_owned);
        Some(Self {
            class: code.clone().map_or_else(|| class(error).into(), Cow::Owned),
            code,
        })
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = KeyValue> + use<> {
        let code = self.code.clone();
        let code = code.map(|code| KeyValue::new(db::RESPONSE_STATUS_CODE, code));
        [KeyValue::new(error::TYPE, self.class.clone())]
            .into_iter()
            .chain(code)
    }
}

/// The class of an error that is not the database's.
fn class(error: &Error) -> &'static str {
    match error {
        Error::Database(_) => "database",
        Error::Io(_) => "io",
        Error::Tls(_) => "tls",
        Error::Protocol(_) => "protocol",
        Error::PoolTimedOut => "pool_timed_out",
        Error::PoolClosed => "pool_closed",
        Error::WorkerCrashed => "worker_crashed",
        Error::Encode(_) => "encode",
        Error::Decode(_) | Error::ColumnDecode { .. } => "decode",
        Error::BeginFailed => "begin_failed",
        _ => error::OTHER,
    }
}
