use std::borrow::Cow;

use proptest::prelude::*;

use super::{email, query, url};

#[track_caller]
fn becomes(from: &str, to: &str) {
    assert_eq!(url(from), to, "redacting {from}");
}

#[track_caller]
fn stays(text: &str) {
    assert!(
        matches!(url(text), Cow::Borrowed(same) if same == text),
        "{}",
        url(text)
    );
}

#[test]
fn credentials_are_redacted_whether_or_not_there_is_a_password() {
    becomes(
        "https://user:pass@host/path",
        "https://REDACTED:REDACTED@host/path",
    );
    becomes("https://user@host", "https://REDACTED:REDACTED@host");
    becomes(
        "postgres://u:p@ss@db:5432/app",
        "postgres://REDACTED:REDACTED@db:5432/app",
    );
    becomes("//u:p@host/", "//REDACTED:REDACTED@host/");
}

#[test]
fn credentials_are_found_where_browsers_find_them() {
    becomes(r"https:\\u:p@host/", r"https:\\REDACTED:REDACTED@host/");
    becomes("https:////u:p@host/", "https:////REDACTED:REDACTED@host/");
    becomes(
        "blob:https://u:p@host/1",
        "blob:https://REDACTED:REDACTED@host/1",
    );
    becomes(
        "/proxy/https://u:p@host/",
        "/proxy/https://REDACTED:REDACTED@host/",
    );
    becomes(
        "/?next=https://u:p@host/&a=b",
        "/?next=https://REDACTED:REDACTED@host/&a=b",
    );
}

#[test]
fn an_at_sign_elsewhere_is_no_credential() {
    stays("https://host/@user");
    stays("https://host/a//b@c");
    stays("https://host?mail=a@b.c#d@e");
    stays("file:///home/a@b");
    stays("mailto:a@b.c");
}

#[test]
fn what_the_conventions_name_is_redacted() {
    for key in [
        "AWSAccessKeyId",
        "Signature",
        "sig",
        "X-Amz-Credential",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
        "X-Goog-Signature",
    ] {
        becomes(
            &format!("/o?{key}=1&a=3"),
            &format!("/o?{key}=REDACTED&a=3"),
        );
    }
}

#[test]
fn secrets_are_redacted_in_any_case() {
    for key in [
        "token",
        "Code",
        "STATE",
        "password",
        "Api_Key",
        "session",
        "access_token",
        "ID_TOKEN",
        "client_secret",
        "secret",
        "newPassword",
        "passwd",
        "apikey",
        "x-api-key",
        "code_verifier",
        "client_assertion",
        "SAMLResponse",
        "jwt",
        "sessionid",
        "session.id",
        "otp",
    ] {
        becomes(
            &format!("/?a=1&{key}=x;y=z?&b=2"),
            &format!("/?a=1&{key}=REDACTED&b=2"),
        );
    }
    stays("/?barcode=2&statement=3&country_code=4&footprint=5&design=6&token&password=");
}

#[test]
fn secrets_in_fragments_are_redacted() {
    becomes(
        "/cb#access_token=x&expires_in=5",
        "/cb#access_token=REDACTED&expires_in=5",
    );
    becomes("/#/cb?code=x&a=b", "/#/cb?code=REDACTED&a=b");
    becomes("/?a=b#!token=x#y", "/?a=b#!token=REDACTED");
    stays("/docs#section-1");
}

#[test]
fn a_key_cannot_hide_in_another_spelling() {
    becomes("/?%74oken=x", "/?%74oken=REDACTED");
    becomes(
        "/?user[password]=x&token[]=y",
        "/?user[password]=REDACTED&token[]=REDACTED",
    );
    becomes("/?a=1;token=x", "/?a=1;token=REDACTED");
}

#[test]
fn an_encoded_url_with_a_secret_is_redacted_as_a_whole() {
    becomes("/?next=%2Fcb%3Fcode%3Dx&a=b", "/?next=REDACTED&a=b");
    becomes("/?next=https%3A%2F%2Fu:p%40host", "/?next=REDACTED");
    stays("/?next=%2Fhome%3Ftab%3D1");
}

#[test]
fn a_query_may_begin_with_its_question_mark_or_without() {
    assert_eq!(query("token=x&a=b"), "token=REDACTED&a=b");
    assert_eq!(query("?token=x"), "?token=REDACTED");
}

#[test]
fn an_address_keeps_its_first_letter_and_its_domain() {
    assert_eq!(email("demo@example.com"), "d***@example.com");
    assert_eq!(email("ünal@example.com"), "ü***@example.com");
    assert_eq!(email(r#""a@b"@example.com"#), r#""***@example.com"#);
    assert_eq!(email("no address"), "***");
    assert_eq!(email(""), "***");
}

/// Text in which all that redaction looks at is frequent.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "https:", "file:", "//", "/", "\\", "u:p@", "@", ":", "?", "&", "#", ";", "=", "token",
            "%74oken", "%", "%3D", "%40", "%2F%2F", "[", "]", "sig", "REDACTED", "é",
        ])
        .prop_map(String::from),
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A parameter, what it is to become, and nothing in either that could be read otherwise.
fn parameter() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        ("[b-df-ik-ln-z]{1,6}", "[a-z0-9.é%+-]{0,8}").prop_map(|(key, value)| {
            let text = format!("x{key}={value}");
            (text.clone(), text)
        }),
        (
            prop::sample::select(vec![
                "token",
                "CODE",
                "my_token",
                "X-Amz-Credential",
                "Signature"
            ]),
            "s3cr3t[^&#]{0,8}"
        )
            .prop_map(|(key, value)| (format!("{key}={value}"), format!("{key}=REDACTED"))),
    ]
}

fn parameters(mark: char) -> impl Strategy<Value = (String, String)> {
    prop::collection::vec(parameter(), 0..5).prop_map(move |pairs| {
        let (from, to): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        (
            format!("{mark}{}", from.join("&")),
            format!("{mark}{}", to.join("&")),
        )
    })
}

proptest! {
    #[test]
    fn redacting_twice_changes_nothing_more(text in hostile()) {
        let once = url(&text).into_owned();
        prop_assert_eq!(url(&once), once.as_str());
        let once = query(&text).into_owned();
        prop_assert_eq!(query(&once), once.as_str());
        let once = email(&text);
        prop_assert_eq!(email(&once), once);
    }

    #[test]
    fn secrets_go_and_all_else_stays_byte_for_byte(
        credentials in prop::option::of("s3cr3t[^/?#@]{0,6}@"),
        rest in "[a-z.]{1,9}(:[0-9]{1,4})?(/[a-z@.%é]{0,8}){0,3}",
        query in parameters('?'),
        fragment in parameters('#'),
    ) {
        let from = format!("https://{}{rest}{}{}", credentials.as_deref().unwrap_or(""), query.0, fragment.0);
        let gone = if credentials.is_some() { "REDACTED:REDACTED@" } else { "" };
        let to = format!("https://{gone}{rest}{}{}", query.1, fragment.1);
        prop_assert_eq!(url(&from), to.as_str());
        prop_assert!(!to.contains("s3cr3t"));
    }
}
