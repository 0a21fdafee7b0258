//! The databases whose queries can be traced, and what their spans tell of where they are.

use super::statement::Dialect;
use opentelemetry::KeyValue;
use sqlx::{
    Any, ConnectOptions, Connection, Database, Executor, Postgres, Sqlite, any::AnyConnectOptions,
    postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};
use throughline_core::names::{db, network};

/// A database whose SQL can be told from the values in it: SQLite and PostgreSQL, and `Any` where it is one of them.
pub trait System: Database + Known {}

/// What is known of a database system. Not to be named outside: [`System`] is implemented here only.
pub trait Known: Database {
    /// What its connections are to.
    fn place(options: &<Self::Connection as Connection>::Options) -> Place;

    /// The connection, as what queries run on.
    ///
    /// With a bound `for<'c> &'c mut DB::Connection: Executor<'c>` in its place, the compiler would look for traced
    /// connections of traced connections without end, wherever an application has that bound (E0275).
    fn executor<'c>(connection: &'c mut Self::Connection) -> impl Executor<'c, Database = Self>;
}

/// Which database it is. Never who uses it.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// How its SQL is read, if that is known.
    pub dialect: Option<Dialect>,
    /// `db.namespace`.
    pub namespace: Option<String>,
    /// `server.address`: a host, or the folder of a Unix socket.
    pub address: Option<String>,
    /// `server.port`.
    pub port: Option<u16>,
}

impl System for Sqlite {}
impl System for Postgres {}
impl System for Any {}

impl Known for Sqlite {
    fn executor<'c>(connection: &'c mut Self::Connection) -> impl Executor<'c, Database = Self> {
        connection
    }

    /// The name of its file, without the folders that it is in.
    fn place(options: &SqliteConnectOptions) -> Place {
        let name = options.get_filename().file_name();
        let name = name.map(|name| name.to_string_lossy().into_owned());
        // `sqlite::memory:` becomes `file:sqlx-in-memory-0`.
        let in_memory = |name: &String| name.starts_with("file:") || name == ":memory:";
        Place {
            namespace: match name {
                Some(name) if in_memory(&name) => Some(":memory:".to_owned()),
                name => name,
            },
            ..Place::of(Some(Dialect::Sqlite))
        }
    }
}

impl Known for Postgres {
    fn executor<'c>(connection: &'c mut Self::Connection) -> impl Executor<'c, Database = Self> {
        connection
    }

    /// Without a schema, which the server would have to be asked for; and without a name where that is the user's.
    fn place(options: &PgConnectOptions) -> Place {
        let socket = options.get_socket().map(|path| path.display().to_string());
        let is_socket = socket.is_some() || options.get_host().starts_with('/');
        Place {
            dialect: Some(Dialect::Postgres),
            namespace: options.get_database().map(str::to_owned),
            address: Some(socket.unwrap_or_else(|| options.get_host().to_owned())),
            port: (!is_socket).then(|| options.get_port()),
        }
    }
}

impl Known for Any {
    fn executor<'c>(connection: &'c mut Self::Connection) -> impl Executor<'c, Database = Self> {
        connection
    }

    /// That of the database which the URL's scheme stands for.
    fn place(options: &AnyConnectOptions) -> Place {
        let url = &options.database_url;
        let place = match url.scheme() {
            "sqlite" => SqliteConnectOptions::from_url(url).map(|it| Sqlite::place(&it)),
            "postgres" | "postgresql" => {
                PgConnectOptions::from_url(url).map(|it| Postgres::place(&it))
            }
            _ => return Place::of(None),
        };
        // With a URL that cannot be read there will be no query.
        place.unwrap_or_else(|_| Place::of(None))
    }
}

// === impl Place ===

impl Place {
    fn of(dialect: Option<Dialect>) -> Self {
        Self {
            dialect,
            namespace: None,
            address: None,
            port: None,
        }
    }

    /// The value of `db.system.name`.
    pub(super) fn system_name(&self) -> &'static str {
        self.dialect.map_or("other_sql", Dialect::system_name)
    }

    /// The attributes that all spans of a pool have.
    pub(super) fn attributes(&self) -> Vec<KeyValue> {
        let mut attributes = vec![KeyValue::new(db::SYSTEM_NAME, self.system_name())];
        let namespace = self.namespace.clone();
        attributes.extend(namespace.map(|it| KeyValue::new(db::NAMESPACE, it)));
        let address = self.address.clone();
        attributes.extend(address.map(|it| KeyValue::new(network::SERVER_ADDRESS, it)));
        let port = self.port.map(i64::from);
        attributes.extend(port.map(|it| KeyValue::new(network::SERVER_PORT, it)));
        attributes
    }

    /// `db.client.connection.pool.name`, in the form that the conventions suggest: `address:port/namespace`.
    pub(super) fn pool_name(&self) -> String {
        let mut name = self.address.clone().unwrap_or_default();
        if let Some(port) = self.port {
            name.push(':');
            name.push_str(&port.to_string());
        }
        if let Some(namespace) = &self.namespace {
            if !name.is_empty() {
                name.push('/');
            }
            name.push_str(namespace);
        }
        if name.is_empty() {
            name.push_str(self.system_name());
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_tells_where_and_never_who() {
        let options = PgConnectOptions::new_without_pgpass().username("somebody");
        let by_socket = Postgres::place(&options.clone().socket("/run/postgresql"));
        assert_eq!(by_socket.address.as_deref(), Some("/run/postgresql"));
        assert_eq!(by_socket.port, None);
        let by_network =
            Postgres::place(&options.host("db.example.com").port(5433).database("shop"));
        assert_eq!(by_network.pool_name(), "db.example.com:5433/shop");
        assert!(!format!("{by_network:?}").contains("somebody"));
        let in_a_file = SqliteConnectOptions::new().filename("/var/lib/shop/shop.db");
        assert_eq!(Sqlite::place(&in_a_file).pool_name(), "shop.db");
    }

    #[test]
    fn a_database_that_the_url_names_is_known_by_its_scheme() {
        let place = |url: &str| Any::place(&url.parse().unwrap());
        let postgres = place("postgres://somebody:secret@db.example.com:5433/shop");
        assert_eq!(postgres.system_name(), "postgresql");
        assert_eq!(postgres.pool_name(), "db.example.com:5433/shop");
        let sqlite = place("sqlite:/var/lib/shop/shop.db?mode=ro");
        assert_eq!(sqlite.system_name(), "sqlite");
        assert_eq!(sqlite.pool_name(), "shop.db");
        let other = place("mysql://somebody:secret@db.example.com/shop");
        assert_eq!(other.pool_name(), "other_sql");
    }
}
