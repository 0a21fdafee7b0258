//! Lists of hosts.

/// Hosts by name: `api.example.com`, `*.example.com` (every name below it), `*` (every host), `127.0.0.1`, `::1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hosts(Vec<String>);

// === impl Hosts ===

impl Hosts {
    pub(super) fn new(hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let lower = |host: String| bare(&host).to_ascii_lowercase();
        Self(hosts.into_iter().map(|it| lower(it.into())).collect())
    }

    /// Whether a URL's host is one of them.
    pub(super) fn contain(&self, host: &str) -> bool {
        let host = bare(host);
        self.0.iter().any(|listed| match listed.strip_prefix('*') {
            // `.example.com`: the dot keeps `evil-example.com` out.
            Some(below) => host.len() > below.len() && ends_with(host, below),
            None => host.eq_ignore_ascii_case(listed),
        })
    }
}

fn ends_with(host: &str, end: &str) -> bool {
    let start = host.len().saturating_sub(end.len());
    host.get(start..)
        .is_some_and(|it| it.eq_ignore_ascii_case(end))
}

/// Without the brackets of an IPv6 address and the dot that ends an absolute name.
fn bare(host: &str) -> &str {
    let host = host.strip_suffix('.').unwrap_or(host);
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inner.unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_listed_by_its_name_or_by_the_name_above_it() {
        let hosts = Hosts::new(["API.example.com", "*.internal", "::1"]);
        for listed in [
            "api.example.com",
            "API.EXAMPLE.COM.",
            "a.internal",
            "a.b.internal",
            "[::1]",
        ] {
            assert!(hosts.contain(listed), "{listed}");
        }
        for other in [
            "example.com",
            "xapi.example.com",
            "internal",
            "evilinternal",
            ".internal",
            "",
        ] {
            assert!(!hosts.contain(other), "{other}");
        }
    }

    #[test]
    fn a_star_is_every_host_and_no_name_is_none() {
        assert!(Hosts::new(["*"]).contain("example.com"));
        assert!(!Hosts::default().contain("example.com"));
    }
}
