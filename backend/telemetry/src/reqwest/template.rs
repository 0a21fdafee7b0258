//! What an application says of a request's path.

/// The path of a request with names in place of what varies, such as `/users/{id}`: the span's name and `url.template`.
///
/// Given with [`with_extension`](::reqwest_middleware::RequestBuilder::with_extension). It is part of the program, not of
/// the data, so that spans and metrics have few different values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlTemplate(pub &'static str);
