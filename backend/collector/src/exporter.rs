//! The way into the store for the spans of this process: no HTTP, no encoding but the store's own.

use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema,
        trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};

use crate::store::{Batch, Source, Store, SubmitError};

/// Writes spans into the collector's store. It needs no tokio runtime, and waits where the store is behind.
#[derive(Debug)]
pub struct StoreExporter {
    store: Store,
    resource: ResourceAttributesWithSchema,
}

impl StoreExporter {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            resource: ResourceAttributesWithSchema::default(),
        }
    }
}

impl SpanExporter for StoreExporter {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        let request = ExportTraceServiceRequest { resource_spans };
        let failed =
            |error: &dyn std::fmt::Display| OTelSdkError::InternalFailure(error.to_string());
        let Some(batch) = Batch::new(&request, Source::Program).map_err(|error| failed(&error))?
        else {
            return Ok(());
        };
        self.store.submit(batch).await.map_err(|error| match error {
            SubmitError::Closed => OTelSdkError::AlreadyShutdown,
            SubmitError::Full | SubmitError::Failed(_) => failed(&error),
        })
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}
