use super::*;
use http::HeaderValue;
use proptest::prelude::*;

fn proxies(networks: &str, headers: ForwardingHeaders) -> TrustedProxies {
    TrustedProxies::new(networks.split(','), headers).unwrap()
}

fn header_map(headers: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).unwrap());
    }
    map
}

/// `client scheme host` as the proxies in 10.0.0.0/8 tell, to a server that 10.0.0.1 asks.
fn told(by: ForwardingHeaders, headers: &[(&'static str, &str)]) -> String {
    let peer = "10.0.0.1".parse().unwrap();
    let proxies = proxies("10.0.0.0/8,fd00::1", by);
    let told = proxies.forwarded(peer, &header_map(headers)).unwrap();
    let host = told
        .host
        .map_or_else(|| "-".to_owned(), |it| it.to_string());
    format!("{} {} {host}", told.client, told.scheme.unwrap_or("-"))
}

fn x_forwarded(headers: &[(&'static str, &str)]) -> String {
    told(ForwardingHeaders::XForwarded, headers)
}

fn forwarded(value: &str) -> String {
    told(ForwardingHeaders::Forwarded, &[("forwarded", value)])
}

#[test]
fn the_client_is_the_peer_but_for_a_proxy() {
    let proxies = proxies("10.0.0.0/8", ForwardingHeaders::XForwarded);
    let headers = header_map(&[("x-forwarded-for", "6.6.6.6, 1.2.3.4")]);
    let client = |peer: &str| proxies.client(peer.parse().unwrap(), &headers).to_string();
    assert_eq!(client("10.0.0.1"), "1.2.3.4");
    assert_eq!(client("::ffff:10.0.0.1"), "1.2.3.4");
    assert_eq!(client("192.0.2.1"), "192.0.2.1");
}

#[test]
fn a_stranger_is_not_believed() {
    let headers = header_map(&[("x-forwarded-for", "1.2.3.4")]);
    let peer = "192.0.2.1".parse().unwrap();
    for networks in ["10.0.0.0/8", "192.0.2.2", "192.0.2.128/25"] {
        let proxies = proxies(networks, ForwardingHeaders::XForwarded);
        assert_eq!(proxies.forwarded(peer, &headers), None, "{networks}");
    }
}

#[test]
fn the_client_is_the_first_from_the_right_that_is_no_proxy() {
    let client = |value| x_forwarded(&[("x-forwarded-for", value)]);
    assert_eq!(client("192.0.2.7"), "192.0.2.7 - -");
    assert_eq!(client("6.6.6.6, 192.0.2.7"), "192.0.2.7 - -");
    assert_eq!(client("6.6.6.6, 192.0.2.7, 10.9.9.9"), "192.0.2.7 - -");
    assert_eq!(client("10.1.1.1, 10.2.2.2"), "10.1.1.1 - -");
    assert_eq!(client("6.6.6.6, unknown, 10.2.2.2"), "10.2.2.2 - -");
    assert_eq!(client(""), "10.0.0.1 - -");
    assert_eq!(client("192.0.2.7:4711"), "192.0.2.7 - -");
    assert_eq!(client("[2001:db8::17]:4711, fd00::1"), "2001:db8::17 - -");
    assert_eq!(client("::ffff:192.0.2.7"), "192.0.2.7 - -");
}

#[test]
fn several_headers_are_one_list() {
    let headers = [
        ("x-forwarded-for", "6.6.6.6"),
        ("x-forwarded-for", "192.0.2.7, 10.2.2.2"),
    ];
    assert_eq!(x_forwarded(&headers), "192.0.2.7 - -");
}

#[test]
fn scheme_and_host_are_those_of_the_proxy_that_the_client_asked() {
    let proxies_append = [
        ("x-forwarded-for", "192.0.2.7, 10.2.2.2"),
        ("x-forwarded-proto", "evil, https, http"),
        ("x-forwarded-host", "evil, shop.example:8443, inner"),
    ];
    let told = "192.0.2.7 https shop.example:8443";
    assert_eq!(x_forwarded(&proxies_append), told);
    let proxies_replace = [
        ("x-forwarded-for", "192.0.2.7, 10.2.2.2"),
        ("x-forwarded-proto", "HTTPS"),
        ("x-forwarded-host", "shop.example:8443"),
    ];
    assert_eq!(x_forwarded(&proxies_replace), told);
    let nonsense = [
        ("x-forwarded-proto", "gopher"),
        ("x-forwarded-host", "not a host"),
    ];
    assert_eq!(x_forwarded(&nonsense), "10.0.0.1 - -");
}

#[test]
fn the_standard_header_is_read_the_same_way() {
    assert_eq!(
        forwarded("for=192.0.2.7;proto=https;host=shop.example"),
        "192.0.2.7 https shop.example"
    );
    assert_eq!(
        forwarded(
            r#"for=6.6.6.6, For="[2001:db8::17]:80"; Proto=https, for=10.2.2.2;host="in:81""#
        ),
        "2001:db8::17 https -"
    );
    assert_eq!(forwarded("for=_hidden;proto=https"), "10.0.0.1 https -");
    assert_eq!(forwarded("for=6.6.6.6, proto=https"), "10.0.0.1 https -");
}

#[test]
fn a_quote_that_a_stranger_leaves_open_hides_nothing() {
    assert_eq!(forwarded(r#"for="6.6.6.6, for=192.0.2.7"#), "192.0.2.7 - -");
    assert_eq!(
        forwarded(r#"for="6.6.6.6, for="192.0.2.7";proto=https"#),
        "192.0.2.7 https -"
    );
}

#[test]
fn only_the_headers_that_the_proxies_write_are_read() {
    let headers = [("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "7.7.7.7")];
    assert_eq!(x_forwarded(&headers), "7.7.7.7 - -");
    assert_eq!(told(ForwardingHeaders::Forwarded, &headers), "6.6.6.6 - -");
}

#[test]
fn no_more_hops_are_looked_at_than_there_may_be() {
    let list = format!("192.0.2.7{}", ", 10.2.2.2".repeat(MAX_HOPS));
    assert_eq!(x_forwarded(&[("x-forwarded-for", &list)]), "10.2.2.2 - -");
}

#[test]
fn what_is_no_network_is_refused() {
    for text in ["", "10.0.0.0/33", "proxy.example", "10.0.0"] {
        let networks = [text.to_owned()];
        let refused = TrustedProxies::new(&networks, ForwardingHeaders::XForwarded);
        assert!(refused.is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn nothing_that_a_client_sends_before_a_proxy_appends_changes_the_client(
        sent in "[ -~]{0,60}",
    ) {
        let list = format!("{sent}, 192.0.2.7");
        prop_assert_eq!(x_forwarded(&[("x-forwarded-for", &list)]), "192.0.2.7 - -");
        let list = format!("{sent}, for=192.0.2.7;proto=https");
        prop_assert_eq!(forwarded(&list), "192.0.2.7 https -");
    }
}
