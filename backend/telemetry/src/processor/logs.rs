//! The log processor.

use super::Lanes;
use crate::exporter::ScopedLog;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    logs::{LogProcessor, SdkLogRecord},
};
use std::{sync::Arc, time::Duration};
use throughline_core::limits;

/// Hands every log record to the lanes.
#[derive(Clone, Debug)]
pub(crate) struct LogRecords {
    pub(crate) lanes: Lanes<ScopedLog>,
}

impl LogProcessor for LogRecords {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        let log = Arc::new((record.clone(), scope.clone()));
        self.lanes.push(log);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.lanes.flush(limits::EXPORT_TIMEOUT)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.lanes.shutdown(timeout)
    }
}
