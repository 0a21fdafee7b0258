use super::*;

fn from(vars: &[(&str, &str)]) -> Result<Settings, String> {
    let find = |name: &str| {
        vars.iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| (*v).to_owned())
    };
    Settings::from_vars(find).map_err(|error| error.to_string())
}

#[test]
fn a_provider_needs_tls_unless_it_is_on_this_machine_and_credentials_always() {
    let read = |issuer: &'static str, id: &'static str| {
        Settings::from_vars(move |name| match name {
            "OIDC_ISSUER" => Some(issuer.to_owned()),
            "OIDC_CLIENT_ID" | "OIDC_CLIENT_SECRET" => Some(id.to_owned()),
            _ => None,
        })
    };
    for issuer in [
        "https://idp.example",
        "http://127.0.0.1:9000",
        "http://localhost/a",
    ] {
        assert!(read(issuer, "id").unwrap().oidc.is_some(), "{issuer}");
        assert!(read(issuer, "").is_err(), "{issuer}");
    }
    for issuer in ["http://idp.example", "http://localhost.example", "idp"] {
        assert!(read(issuer, "id").is_err(), "{issuer}");
    }
}

#[test]
fn without_variables_the_server_is_for_this_machine_only() {
    let settings = from(&[]).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(
        settings.otlp_http,
        OtlpHttp::Default("127.0.0.1:4318".parse().unwrap())
    );
    assert_eq!(settings.demo_user, DemoUser::Absent);
    assert_eq!(settings.telemetry_email, TelemetryEmail::Masked);
    assert!(settings.is_plain_http());
}

#[test]
fn a_demo_user_on_a_public_address_is_refused() {
    let error = from(&[("DEMO_USER", "1"), ("HOST", "0.0.0.0")]).unwrap_err();
    assert!(
        error.starts_with("HOST=\"0.0.0.0\" is refused with DEMO_USER=1"),
        "{error}"
    );
    assert!(from(&[("DEMO_USER", "1"), ("HOST", "::1")]).is_ok());
}

#[test]
fn requests_for_strangers_are_sent_on_a_loopback_address_only() {
    let test = |host| from(&[("TRACE_CONTEXT_TEST", "1"), ("HOST", host)]);
    let served = test("127.0.0.1").unwrap().trace_context_test;
    assert_eq!(served, TraceContextTest::Served);
    let error = test("0.0.0.0").unwrap_err();
    assert!(error.contains("TRACE_CONTEXT_TEST=1"), "{error}");
    let absent = from(&[]).unwrap().trace_context_test;
    assert_eq!(absent, TraceContextTest::Absent);
}

#[test]
fn a_public_address_or_a_proxy_with_tls_makes_cookies_secure() {
    assert!(!from(&[("HOST", "0.0.0.0")]).unwrap().is_plain_http());
    assert!(
        !from(&[("TRUSTED_ORIGINS", "https://a.example")])
            .unwrap()
            .is_plain_http()
    );
}

#[test]
fn an_empty_otlp_address_turns_the_listener_off() {
    assert_eq!(
        from(&[("OTLP_HTTP_ADDR", "")]).unwrap().otlp_http,
        OtlpHttp::Off
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    for (name, value) in [
        ("HOST", "example.com"),
        ("PORT", "65536"),
        ("DEMO_USER", "yes"),
        ("OTLP_HTTP_ADDR", "4318"),
        ("TELEMETRY_EMAIL", "no"),
    ] {
        assert!(
            from(&[(name, value)]).unwrap_err().starts_with(name),
            "{name}"
        );
    }
}

#[test]
fn a_token_is_not_printed() {
    let settings = from(&[("TELEMETRY_TOKEN", "0123456789abcdef")]).unwrap();
    assert!(!format!("{settings:?}").contains("0123456789abcdef"));
}

#[test]
fn trusted_origins_are_separated_by_commas() {
    let settings = from(&[(
        "TRUSTED_ORIGINS",
        "http://a.example, http://b.example:3000,",
    )])
    .unwrap();
    assert_eq!(
        settings.trusted_origins,
        ["http://a.example", "http://b.example:3000"]
    );
}

#[test]
fn limits_have_defaults_and_are_numbers_from_one_on() {
    assert_eq!(from(&[]).unwrap().limits, Limits::default());
    let limits = from(&[
        ("UPLOADS_PER_MINUTE", "7"),
        ("REQUEST_TIMEOUT_SECONDS", "3"),
    ]);
    let limits = limits.unwrap().limits;
    assert_eq!(limits.uploads_per_minute.get(), 7);
    assert_eq!(limits.request_timeout.as_secs(), 3);
    for value in ["0", "-1", "many"] {
        assert!(from(&[("MAX_BODY_BYTES", value)]).is_err(), "{value}");
    }
}
