//! Which process of which service the telemetry comes from.

use crate::settings::Variables;
use opentelemetry::KeyValue;
use opentelemetry_sdk::{Resource, resource::TelemetryResourceDetector};
use throughline_core::names::resource as names;

/// What the application says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) environment: Option<String>,
}

/// The resource of this process: what the environment says wins over what the application says.
pub(crate) fn of_this_process(service: &Service, variables: &Variables) -> Resource {
    let mut attributes = vec![
        KeyValue::new(names::TELEMETRY_DISTRO_NAME, "throughline"),
        KeyValue::new(names::TELEMETRY_DISTRO_VERSION, env!("CARGO_PKG_VERSION")),
    ];
    let environment = service.environment.clone();
    let environment = environment.unwrap_or_else(|| "development".to_owned());
    attributes.push(KeyValue::new(
        names::DEPLOYMENT_ENVIRONMENT_NAME,
        environment,
    ));
    attributes.extend(
        service
            .version
            .clone()
            .map(|it| KeyValue::new(names::SERVICE_VERSION, it)),
    );
    attributes.extend(host_name(variables).map(|it| KeyValue::new(names::HOST_NAME, it)));
    attributes.extend(of_the_machine());
    attributes.extend(random_uuid().map(|it| KeyValue::new(names::SERVICE_INSTANCE_ID, it)));
    for (key, value) in variables.resource_attributes.iter().cloned() {
        attributes.push(KeyValue::new(key, value));
    }
    let name = variables.service_name().unwrap_or(&service.name).to_owned();
    attributes.push(KeyValue::new(names::SERVICE_NAME, name));
    // Of two attributes with one key, the later one counts.
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(attributes)
        .build()
}

/// What the semantic conventions have for the machine and the process. Not the command line: people put keys into it.
fn of_the_machine() -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("host.arch", host_arch(std::env::consts::ARCH)),
        KeyValue::new("os.type", os_type(std::env::consts::OS)),
        KeyValue::new("process.pid", i64::from(std::process::id())),
        KeyValue::new("process.runtime.name", "rust"),
        KeyValue::new("process.runtime.version", env!("THROUGHLINE_RUSTC_VERSION")),
        KeyValue::new("process.runtime.description", env!("THROUGHLINE_RUSTC")),
    ];
    let executable = std::env::current_exe().ok();
    let name = executable.as_deref().and_then(|path| path.file_name());
    attributes.extend(
        name.map(|it| KeyValue::new("process.executable.name", it.to_string_lossy().into_owned())),
    );
    attributes
}

/// Rust's name of an architecture as the semantic conventions have it.
fn host_arch(arch: &'static str) -> &'static str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "arm" => "arm32",
        "powerpc" => "ppc32",
        "powerpc64" => "ppc64",
        other => other,
    }
}

fn os_type(os: &'static str) -> &'static str {
    match os {
        "macos" => "darwin",
        "dragonfly" => "dragonflybsd",
        other => other,
    }
}

fn host_name(variables: &Variables) -> Option<String> {
    let from_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = from_kernel.or_else(|| variables.host_name.clone())?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// A UUID of version 4 (RFC 9562, 5.4). None on a system without a source of randomness.
fn random_uuid() -> Option<String> {
    let high = getrandom::u64().ok()?;
    let low = getrandom::u64().ok()?;
    Some(format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0x0fff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::Key;

    fn resource(attributes: &str) -> Resource {
        let service = Service {
            name: "shop".to_owned(),
            version: Some("1.2.3".to_owned()),
            environment: None,
        };
        let variables = Variables::read(|name| {
            (name == "OTEL_RESOURCE_ATTRIBUTES").then(|| attributes.to_owned())
        });
        of_this_process(&service, &variables)
    }

    fn text(resource: &Resource, key: &'static str) -> Option<String> {
        let value = resource.get(&Key::from_static_str(key))?;
        Some(value.to_string())
    }

    #[test]
    fn the_application_names_itself_and_the_environment_wins() {
        let plain = resource("");
        assert_eq!(text(&plain, "service.name").as_deref(), Some("shop"));
        assert_eq!(text(&plain, "service.version").as_deref(), Some("1.2.3"));
        let environment = text(&plain, "deployment.environment.name");
        assert_eq!(environment.as_deref(), Some("development"));

        let sdk = text(&plain, "telemetry.sdk.version").unwrap();
        assert!(sdk.starts_with("0."), "{sdk}");

        let told = resource("deployment.environment.name=production,team=a");
        let environment = text(&told, "deployment.environment.name");
        assert_eq!(environment.as_deref(), Some("production"));
        assert_eq!(text(&told, "team").as_deref(), Some("a"));
    }

    #[test]
    fn the_machine_and_the_process_are_told() {
        let plain = resource("");
        for key in [
            "host.name",
            "host.arch",
            "os.type",
            "process.executable.name",
            "process.runtime.version",
        ] {
            let value = text(&plain, key).unwrap_or_default();
            assert!(!value.is_empty(), "{key}");
        }
        let pid = text(&plain, "process.pid");
        assert_eq!(pid, Some(std::process::id().to_string()));
        assert_eq!((host_arch("x86_64"), os_type("macos")), ("amd64", "darwin"));
    }

    #[test]
    fn each_process_has_an_instance_id_of_its_own() {
        let first = text(&resource(""), "service.instance.id").unwrap();
        let second = text(&resource(""), "service.instance.id").unwrap();
        assert_ne!(first, second);
        assert_eq!(first.len(), 36);
        assert_eq!(&first[14..15], "4");
        assert!(matches!(&first[19..20], "8" | "9" | "a" | "b"));
    }
}
