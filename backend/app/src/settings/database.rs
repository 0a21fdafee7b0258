//! Which database, and how many connections it may have.

use std::{fmt, path::Path, time::Duration};

use reqwest::Url;

use super::SettingsError;

const MAX_CONNECTIONS: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The database of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// Where it is. Without a URL, it is `rag-admin.db` in the data directory.
    pub url: Option<DatabaseUrl>,
    /// Connections at most; a request that finds all of them in use waits.
    pub max_connections: u32,
    /// How long a request waits for a connection, and then for another one's lock.
    pub acquire_timeout: Duration,
}

/// The URL of an SQLite or a PostgreSQL database. It is shown without user, password and parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Url);

/// Reads `DATABASE_URL`, `DATABASE_MAX_CONNECTIONS` and `DATABASE_ACQUIRE_TIMEOUT_MS`.
pub(super) fn database(
    set: &impl Fn(&'static str) -> Option<String>,
) -> Result<DatabaseSettings, SettingsError> {
    Ok(DatabaseSettings {
        url: set("DATABASE_URL").map(|it| url(&it)).transpose()?,
        max_connections: positive(set, "DATABASE_MAX_CONNECTIONS")?.unwrap_or(MAX_CONNECTIONS),
        acquire_timeout: positive(set, "DATABASE_ACQUIRE_TIMEOUT_MS")?
            .map_or(ACQUIRE_TIMEOUT, |it| Duration::from_millis(it.into())),
    })
}

/// No error repeats the URL, which may hold a password.
fn url(text: &str) -> Result<DatabaseUrl, SettingsError> {
    let refused = |scheme: &str, problem| {
        Err(SettingsError::new(
            "DATABASE_URL",
            format!("{scheme}:…"),
            problem,
        ))
    };
    let Ok(mut url) = text.parse::<Url>() else {
        return refused(
            "",
            "is no URL: a password's `/`, `?`, `#`, `@` and `%` are written as %2F and so on",
        );
    };
    let is_in_memory = |url: &Url| {
        url.as_str().contains(":memory:")
            || url.query().is_some_and(|it| it.contains("mode=memory"))
    };
    match url.scheme() {
        "sqlite" if is_in_memory(&url) => refused(
            "sqlite",
            "is a database that ends with its connection: name a file",
        ),
        "sqlite" => {
            if !url.query_pairs().any(|(name, _)| name == "mode") {
                url.query_pairs_mut().append_pair("mode", "rwc");
            }
            Ok(DatabaseUrl(url))
        }
        // What follows an `@` that is not the first is rather a password than a name.
        "postgres" | "postgresql" if url.path().contains('@') => refused(
            url.scheme(),
            "has a `/` in its password, which is written as %2F",
        ),
        "postgres" | "postgresql" => Ok(DatabaseUrl(url)),
        scheme => refused(
            scheme,
            "is neither `sqlite:path/to/file.db` nor `postgres://user:password@host/database`",
        ),
    }
}

fn positive(
    set: &impl Fn(&'static str) -> Option<String>,
    name: &'static str,
) -> Result<Option<u32>, SettingsError> {
    let Some(value) = set(name) else {
        return Ok(None);
    };
    match value.parse() {
        Ok(number @ 1..) => Ok(Some(number)),
        _ => Err(SettingsError::new(name, value, "is not a number from 1 on")),
    }
}

// === impl DatabaseUrl ===

impl DatabaseUrl {
    /// That of an SQLite database which is made if it is not there. `None` if the path cannot be told in a URL.
    pub(crate) fn of_file(file: &Path) -> Option<DatabaseUrl> {
        let file = Url::from_file_path(std::path::absolute(file).ok()?).ok()?;
        let url = format!("sqlite://{}?mode=rwc", file.path());
        url.parse().ok().map(DatabaseUrl)
    }

    /// The URL itself, with its password.
    pub(crate) fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        // An error says that there can be neither.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        shown.fmt(f)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<String, String> {
        let found = database(&|name| (name == "DATABASE_URL").then(|| value.to_owned()));
        let url = found.map_err(|error| error.to_string())?.url;
        Ok(format!("{:?}", url.unwrap()))
    }

    #[test]
    fn a_url_is_shown_without_user_password_and_parameters() {
        let shown = read("postgres://me:secret@db.example:5433/app?password=secret#secret");
        assert_eq!(
            shown.unwrap(),
            "DatabaseUrl(postgres://db.example:5433/app)"
        );
        assert_eq!(
            read("sqlite:data/app.db").unwrap(),
            "DatabaseUrl(sqlite:data/app.db)"
        );
    }

    #[test]
    fn what_cannot_be_a_database_is_refused_without_its_password() {
        for value in [
            "mysql://me:secret@db/app",
            "postgres://me:1/secret@db/app",
            "postgres://me:se/cret@db/app",
            "sqlite::memory:",
            "sqlite:a.db?mode=memory",
            "secret",
        ] {
            let error = read(value).unwrap_err();
            assert!(
                error.starts_with("DATABASE_URL") && !error.contains("cret"),
                "{error}"
            );
        }
    }

    #[test]
    fn limits_are_positive_and_have_defaults() {
        let read = |value: &'static str| {
            database(&move |name| (name != "DATABASE_URL").then(|| value.to_owned()))
        };
        let settings = read("2").unwrap();
        assert_eq!(
            (settings.max_connections, settings.acquire_timeout),
            (2, Duration::from_millis(2))
        );
        assert!(read("0").is_err() && read("many").is_err());
        let defaults = database(&|_| None).unwrap();
        assert_eq!((defaults.max_connections, defaults.url), (8, None));
    }

    #[test]
    fn a_file_is_found_by_its_url_whatever_its_name_is() {
        let url = DatabaseUrl::of_file(Path::new("/a b/%20?#/ü.db")).unwrap();
        assert_eq!(
            url.expose().as_str(),
            "sqlite:///a%20b/%2520%3F%23/%C3%BC.db?mode=rwc"
        );
    }
}
