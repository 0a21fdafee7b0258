//! prost → OTLP/JSON: lowerCamelCase, hexadecimal ids, 64-bit integers as text, enums as integers, defaults left out.

use base64::{Engine, engine::general_purpose::STANDARD};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, EntityRef, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

/// Writes `{"resourceSpans":[…]}`, which is both `TracesData` and an `ExportTraceServiceRequest`.
pub(crate) fn traces(resource_spans: &[ResourceSpans]) -> Result<Vec<u8>, serde_json::Error> {
    struct Traces<'a>(&'a [ResourceSpans]);
    impl Serialize for Traces<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry("resourceSpans", &Each(self.0))?;
            map.end()
        }
    }
    serde_json::to_vec(&Traces(resource_spans))
}

/// A message in its JSON form.
struct Json<'a, T>(&'a T);
/// Its repetition.
struct Each<'a, T>(&'a [T]);

impl<'a, T> Serialize for Each<'a, T>
where
    Json<'a, T>: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for item in self.0 {
            seq.serialize_element(&Json(item))?;
        }
        seq.end()
    }
}

/// Writes the fields of a message, those with their default value left out.
struct Fields<M>(M);

impl<M: SerializeMap> Fields<M> {
    fn text(&mut self, name: &'static str, value: &str) -> Result<(), M::Error> {
        if value.is_empty() {
            Ok(())
        } else {
            self.0.serialize_entry(name, value)
        }
    }

    fn id(&mut self, name: &'static str, id: &[u8]) -> Result<(), M::Error> {
        if id.is_empty() {
            Ok(())
        } else {
            self.0.serialize_entry(name, &crate::hex::encode(id))
        }
    }

    fn nanos(&mut self, name: &'static str, value: u64) -> Result<(), M::Error> {
        self.0.serialize_entry(name, &value.to_string())
    }

    fn number(&mut self, name: &'static str, value: impl Into<i64>) -> Result<(), M::Error> {
        let value = value.into();
        if value == 0 {
            Ok(())
        } else {
            self.0.serialize_entry(name, &value)
        }
    }

    fn each<T>(&mut self, name: &'static str, items: &[T]) -> Result<(), M::Error>
    where
        for<'a> Json<'a, T>: Serialize,
    {
        if items.is_empty() {
            Ok(())
        } else {
            self.0.serialize_entry(name, &Each(items))
        }
    }

    fn maybe<T>(&mut self, name: &'static str, message: Option<&T>) -> Result<(), M::Error>
    where
        for<'a> Json<'a, T>: Serialize,
    {
        match message {
            Some(message) => self.0.serialize_entry(name, &Json(message)),
            None => Ok(()),
        }
    }
}

macro_rules! message {
    ($message:ty { $($json:literal => $kind:ident($($field:tt)+),)* }) => {
        impl Serialize for Json<'_, $message> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut fields = Fields(serializer.serialize_map(None)?);
                $(message!(@field fields, self.0, $json, $kind, $($field)+);)*
                fields.0.end()
            }
        }
    };
    (@field $fields:ident, $message:expr, $json:literal, maybe, $field:ident) => {
        $fields.maybe($json, $message.$field.as_ref())?
    };
    (@field $fields:ident, $message:expr, $json:literal, nanos, $field:ident) => {
        $fields.nanos($json, $message.$field)?
    };
    (@field $fields:ident, $message:expr, $json:literal, number, $field:ident) => {
        $fields.number($json, $message.$field)?
    };
    (@field $fields:ident, $message:expr, $json:literal, $kind:ident, $field:ident) => {
        $fields.$kind($json, &$message.$field)?
    };
}

message!(ResourceSpans {
    "resource" => maybe(resource),
    "scopeSpans" => each(scope_spans),
    "schemaUrl" => text(schema_url),
});

message!(Resource {
    "attributes" => each(attributes),
    "droppedAttributesCount" => number(dropped_attributes_count),
    "entityRefs" => each(entity_refs),
});

message!(ScopeSpans {
    "scope" => maybe(scope),
    "spans" => each(spans),
    "schemaUrl" => text(schema_url),
});

message!(InstrumentationScope {
    "name" => text(name),
    "version" => text(version),
    "attributes" => each(attributes),
    "droppedAttributesCount" => number(dropped_attributes_count),
});

message!(Span {
    "traceId" => id(trace_id),
    "spanId" => id(span_id),
    "traceState" => text(trace_state),
    "parentSpanId" => id(parent_span_id),
    "flags" => number(flags),
    "name" => text(name),
    "kind" => number(kind),
    "startTimeUnixNano" => nanos(start_time_unix_nano),
    "endTimeUnixNano" => nanos(end_time_unix_nano),
    "attributes" => each(attributes),
    "droppedAttributesCount" => number(dropped_attributes_count),
    "events" => each(events),
    "droppedEventsCount" => number(dropped_events_count),
    "links" => each(links),
    "droppedLinksCount" => number(dropped_links_count),
    "status" => maybe(status),
});

message!(Event {
    "timeUnixNano" => nanos(time_unix_nano),
    "name" => text(name),
    "attributes" => each(attributes),
    "droppedAttributesCount" => number(dropped_attributes_count),
});

message!(Link {
    "traceId" => id(trace_id),
    "spanId" => id(span_id),
    "traceState" => text(trace_state),
    "attributes" => each(attributes),
    "droppedAttributesCount" => number(dropped_attributes_count),
    "flags" => number(flags),
});

message!(Status {
    "message" => text(message),
    "code" => number(code),
});

message!(KeyValue {
    "key" => text(key),
    "value" => maybe(value),
});

impl Serialize for Json<'_, EntityRef> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = Fields(serializer.serialize_map(None)?);
        fields.text("schemaUrl", &self.0.schema_url)?;
        fields.text("type", &self.0.r#type)?;
        fields.0.serialize_entry("idKeys", &self.0.id_keys)?;
        fields
            .0
            .serialize_entry("descriptionKeys", &self.0.description_keys)?;
        fields.0.end()
    }
}

impl Serialize for Json<'_, AnyValue> {
    /// Empty and default values are written: here a value's presence is its type.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Values<'a, T>(&'a [T]);
        impl<T> Serialize for Values<'_, T>
        where
            for<'a> Json<'a, T>: Serialize,
        {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut fields = Fields(serializer.serialize_map(None)?);
                fields.each("values", self.0)?;
                fields.0.end()
            }
        }

        let mut map = serializer.serialize_map(None)?;
        match &self.0.value {
            Some(Value::StringValue(text)) => map.serialize_entry("stringValue", text)?,
            Some(Value::BoolValue(value)) => map.serialize_entry("boolValue", value)?,
            Some(Value::IntValue(value)) => map.serialize_entry("intValue", &value.to_string())?,
            Some(Value::DoubleValue(value)) => {
                map.serialize_entry("doubleValue", &double(*value))?;
            }
            Some(Value::ArrayValue(array)) => {
                map.serialize_entry("arrayValue", &Values(&array.values))?;
            }
            Some(Value::KvlistValue(list)) => {
                map.serialize_entry("kvlistValue", &Values(&list.values))?;
            }
            Some(Value::BytesValue(bytes)) => {
                map.serialize_entry("bytesValue", &STANDARD.encode(bytes))?;
            }
            // An index into the string table of a profile: it has no meaning in a trace.
            Some(Value::StringValueStrindex(_)) | None => {}
        }
        map.end()
    }
}

/// JSON has no NaN and no infinity; the protobuf mapping writes their names.
fn double(value: f64) -> serde_json::Value {
    match serde_json::Number::from_f64(value) {
        Some(number) => number.into(),
        None if value.is_nan() => "NaN".into(),
        None if value > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}
