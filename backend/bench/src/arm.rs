//! What is compared.

use throughline_test_postgres::Server as Postgres;

/// A server, the same one but for its telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arm {
    pub(crate) telemetry: Telemetry,
    pub(crate) queries: Queries,
}

/// Who makes the SERVER spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Telemetry {
    None,
    Ours,
    /// Ours where the sampler says no, as it does for most requests in production.
    Unsampled,
    /// Ours with `OTEL_SDK_DISABLED`.
    Disabled,
    AxumTracingOpentelemetry,
    TowerOtel,
}

/// Whether queries have a span too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queries {
    Untraced,
    /// Ours: a traced pool. The others make none: a span of `tracing`, written by hand around the query.
    Traced,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// A text.
    Bare,
    /// One row by its primary key, of SQLite in a file.
    Sqlite,
    /// The same, of a PostgreSQL that has the core of the load.
    Postgres,
}

// === impl Telemetry ===

impl Telemetry {
    pub(crate) fn is_of_others(self) -> bool {
        matches!(self, Self::AxumTracingOpentelemetry | Self::TowerOtel)
    }
}

// === impl Arm ===

impl Arm {
    pub(crate) const ALL: [Self; 9] = [
        Self::new(Telemetry::None, Queries::Untraced),
        Self::new(Telemetry::Ours, Queries::Untraced),
        Self::new(Telemetry::AxumTracingOpentelemetry, Queries::Untraced),
        Self::new(Telemetry::TowerOtel, Queries::Untraced),
        Self::new(Telemetry::Ours, Queries::Traced),
        Self::new(Telemetry::Unsampled, Queries::Traced),
        Self::new(Telemetry::Disabled, Queries::Traced),
        Self::new(Telemetry::AxumTracingOpentelemetry, Queries::Traced),
        Self::new(Telemetry::TowerOtel, Queries::Traced),
    ];

    pub(crate) const fn new(telemetry: Telemetry, queries: Queries) -> Self {
        Self { telemetry, queries }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|arm| arm.name() == name)
    }

    /// What the others are called on crates.io; `+sql` if queries have a span.
    pub(crate) fn name(self) -> String {
        let name = match self.telemetry {
            Telemetry::None => "none",
            Telemetry::Ours => "throughline",
            Telemetry::Unsampled => "throughline, not sampled",
            Telemetry::Disabled => "throughline, disabled",
            Telemetry::AxumTracingOpentelemetry => "axum-tracing-opentelemetry",
            Telemetry::TowerOtel => "tower-otel",
        };
        match self.queries {
            Queries::Untraced => name.to_owned(),
            Queries::Traced => format!("{name}+sql"),
        }
    }

    /// Spans of one request.
    pub(crate) fn spans(self, route: Route) -> u64 {
        match (self.telemetry, self.queries, route) {
            (Telemetry::None | Telemetry::Unsampled | Telemetry::Disabled, ..) => 0,
            (_, Queries::Traced, Route::Sqlite | Route::Postgres) => 2,
            _ => 1,
        }
    }
}

// === impl Route ===

impl Route {
    pub(crate) const ALL: [Self; 3] = [Self::Bare, Self::Sqlite, Self::Postgres];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Bare => "a bare route",
            Self::Sqlite => "a route with one query (SQLite, by primary key)",
            Self::Postgres => {
                "a route with one query (PostgreSQL, by primary key; it shares the other core with the load, and is the busier half)"
            }
        }
    }

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Bare => "/bare/17",
            Self::Sqlite | Self::Postgres => "/users/17",
        }
    }

    /// The database that it needs, for as long as this is kept.
    pub(crate) fn postgres(self) -> Option<Postgres> {
        (self == Self::Postgres).then(Postgres::start)
    }

    /// Which arms differ on it.
    pub(crate) fn arms(self) -> Vec<Arm> {
        let arms = Arm::ALL.into_iter();
        arms.filter(|arm| self != Self::Bare || arm.queries == Queries::Untraced)
            .collect()
    }
}
