//! What the collector itself reads and writes in the attributes of a resource.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
};

/// Says on the resource of a span how it came here; only the collector writes it. `browser`: posted by anybody.
pub(crate) const SOURCE: &str = "throughline.source";

const SERVICE_NAME: &str = "service.name";
/// The specification's name for a service that does not say its own.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// The `service.name` of a resource.
pub(crate) fn service_name(resource: Option<&Resource>) -> &str {
    resource
        .into_iter()
        .flat_map(|resource| &resource.attributes)
        .find(|attribute| attribute.key == SERVICE_NAME)
        .and_then(
            |attribute| match attribute.value.as_ref()?.value.as_ref()? {
                Value::StringValue(name) if !name.is_empty() => Some(name.as_str()),
                _ => None,
            },
        )
        .unwrap_or(UNKNOWN_SERVICE)
}

/// Writes where a resource came from, over whatever it says itself.
pub(crate) fn mark_source(resource: &mut Resource, source: Option<&str>) {
    resource
        .attributes
        .retain(|attribute| attribute.key != SOURCE);
    if let Some(source) = source {
        resource.attributes.push(KeyValue {
            key: SOURCE.to_owned(),
            value: Some(AnyValue {
                value: Some(Value::StringValue(source.to_owned())),
            }),
            ..KeyValue::default()
        });
    }
}
