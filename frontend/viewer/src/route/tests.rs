use super::*;

fn id(hex: &str) -> Id {
    Id::parse(hex).unwrap()
}

#[test]
fn an_address_is_read_as_it_was_written() {
    let filter = Filter {
        service: "a b&c=d".into(),
        name: "GET /größe+?".into(),
        outcome: Outcome::Error,
        min_duration_ms: 250,
    };
    let routes = [
        Route::List(Filter::default()),
        Route::List(filter),
        Route::Trace {
            trace: id("ab12"),
            span: None,
        },
        Route::Trace {
            trace: id("ab12"),
            span: Some(id("cd")),
        },
    ];
    for route in routes {
        let href = route.href();
        let (path, search) = href.split_once('?').unwrap_or((&href, ""));
        assert_eq!(Route::parse(path, search), route, "{href}");
    }
}

#[test]
fn what_is_not_a_page_is_unknown() {
    assert_eq!(Route::parse("/telemetry/traces/xyz", ""), Route::Unknown);
    assert_eq!(Route::parse("/telemetry/metrics", ""), Route::Unknown);
    assert_eq!(
        Route::parse("/telemetry", ""),
        Route::List(Filter::default())
    );
}

#[test]
fn a_mangled_query_is_read_as_far_as_it_goes() {
    let Route::List(filter) = Route::parse(
        "/telemetry/",
        "?name=100%&service=a+b%2&status=ok&min_duration_ms=x&&=",
    ) else {
        unreachable!("a list")
    };
    assert_eq!(
        (filter.name.as_str(), filter.service.as_str()),
        ("100%", "a b%2")
    );
    assert_eq!((filter.outcome, filter.min_duration_ms), (Outcome::Any, 0));
}

#[test]
fn the_api_is_asked_with_the_filter_of_the_page() {
    let filter = Filter {
        outcome: Outcome::Error,
        ..Filter::default()
    };
    assert_eq!(
        list_api(&filter, 50, None),
        "/telemetry/api/traces?status=error&limit=50"
    );
    assert_eq!(
        list_api(&Filter::default(), 50, Some("a/b")),
        "/telemetry/api/traces?limit=50&cursor=a%2Fb"
    );
    assert_eq!(trace_api(&id("ab12")), "/telemetry/api/traces/ab12");
}
