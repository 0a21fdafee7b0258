//! OTLP/JSON → prost: one table of fields a message.
//!
//! serde_json refuses more than 128 levels of nesting, which bounds the recursion here, and keeps what was read within
//! the 100 levels at which prost stops reading its own encoding.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{
        AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
        any_value::Value,
    },
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};
use serde::de::MapAccess;

use super::lenient::{
    Base64, Double, Hex, Integer, JsonMessage, List, Maybe, Message, Plain, skip,
};

/// Reads an `ExportTraceServiceRequest`. The error says what is wrong and where.
pub(crate) fn request(json: &[u8]) -> Result<ExportTraceServiceRequest, serde_json::Error> {
    serde_json::from_slice::<Message<_>>(json).map(|Message(request)| request)
}

macro_rules! message {
    ($message:ty { $($json:literal => $field:ident: $kind:ident,)* }) => {
        impl JsonMessage for $message {
            fn field<'de, A: MapAccess<'de>>(
                &mut self,
                name: &str,
                map: &mut A,
            ) -> Result<(), A::Error> {
                match name {
                    $($json => {
                        let $kind(value) = map.next_value()?;
                        self.$field = value;
                    })*
                    _ => skip(map)?,
                }
                Ok(())
            }
        }
    };
}

message!(ExportTraceServiceRequest {
    "resourceSpans" => resource_spans: List,
});

message!(ResourceSpans {
    "resource" => resource: Maybe,
    "scopeSpans" => scope_spans: List,
    "schemaUrl" => schema_url: Plain,
});

message!(Resource {
    "attributes" => attributes: List,
    "droppedAttributesCount" => dropped_attributes_count: Integer,
    "entityRefs" => entity_refs: List,
});

message!(EntityRef {
    "schemaUrl" => schema_url: Plain,
    "type" => r#type: Plain,
    "idKeys" => id_keys: Plain,
    "descriptionKeys" => description_keys: Plain,
});

message!(ScopeSpans {
    "scope" => scope: Maybe,
    "spans" => spans: List,
    "schemaUrl" => schema_url: Plain,
});

message!(InstrumentationScope {
    "name" => name: Plain,
    "version" => version: Plain,
    "attributes" => attributes: List,
    "droppedAttributesCount" => dropped_attributes_count: Integer,
});

message!(Span {
    "traceId" => trace_id: Hex,
    "spanId" => span_id: Hex,
    "traceState" => trace_state: Plain,
    "parentSpanId" => parent_span_id: Hex,
    "flags" => flags: Integer,
    "name" => name: Plain,
    "kind" => kind: Integer,
    "startTimeUnixNano" => start_time_unix_nano: Integer,
    "endTimeUnixNano" => end_time_unix_nano: Integer,
    "attributes" => attributes: List,
    "droppedAttributesCount" => dropped_attributes_count: Integer,
    "events" => events: List,
    "droppedEventsCount" => dropped_events_count: Integer,
    "links" => links: List,
    "droppedLinksCount" => dropped_links_count: Integer,
    "status" => status: Maybe,
});

message!(Event {
    "timeUnixNano" => time_unix_nano: Integer,
    "name" => name: Plain,
    "attributes" => attributes: List,
    "droppedAttributesCount" => dropped_attributes_count: Integer,
});

message!(Link {
    "traceId" => trace_id: Hex,
    "spanId" => span_id: Hex,
    "traceState" => trace_state: Plain,
    "attributes" => attributes: List,
    "droppedAttributesCount" => dropped_attributes_count: Integer,
    "flags" => flags: Integer,
});

message!(Status {
    "message" => message: Plain,
    "code" => code: Integer,
});

message!(KeyValue {
    "key" => key: Plain,
    "value" => value: Maybe,
});

message!(ArrayValue {
    "values" => values: List,
});

message!(KeyValueList {
    "values" => values: List,
});

impl JsonMessage for AnyValue {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let value = match name {
            "stringValue" => map.next_value::<Option<String>>()?.map(Value::StringValue),
            "boolValue" => map.next_value::<Option<bool>>()?.map(Value::BoolValue),
            "intValue" => map
                .next_value::<Option<Integer<_>>>()?
                .map(|v| Value::IntValue(v.0)),
            "doubleValue" => map
                .next_value::<Option<Double>>()?
                .map(|v| Value::DoubleValue(v.0)),
            "arrayValue" => map.next_value::<Maybe<_>>()?.0.map(Value::ArrayValue),
            "kvlistValue" => map.next_value::<Maybe<_>>()?.0.map(Value::KvlistValue),
            "bytesValue" => map
                .next_value::<Option<Base64>>()?
                .map(|v| Value::BytesValue(v.0)),
            _ => return skip(map),
        };
        if value.is_some() {
            self.value = value;
        }
        Ok(())
    }
}
