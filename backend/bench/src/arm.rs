//! What is compared.

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
    Sql,
}

// === impl Arm ===

impl Arm {
    pub(crate) const ALL: [Self; 7] = [
        Self::new(Telemetry::None, Queries::Untraced),
        Self::new(Telemetry::Ours, Queries::Untraced),
        Self::new(Telemetry::AxumTracingOpentelemetry, Queries::Untraced),
        Self::new(Telemetry::TowerOtel, Queries::Untraced),
        Self::new(Telemetry::Ours, Queries::Traced),
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
            (Telemetry::None, ..) => 0,
            (_, Queries::Traced, Route::Sql) => 2,
            _ => 1,
        }
    }
}

// === impl Route ===

impl Route {
    pub(crate) const ALL: [Self; 2] = [Self::Bare, Self::Sql];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Bare => "a bare route",
            Self::Sql => "a route with one query (SQLite, by primary key)",
        }
    }

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Bare => "/bare/17",
            Self::Sql => "/users/17",
        }
    }

    /// Which arms differ on it.
    pub(crate) fn arms(self) -> Vec<Arm> {
        let arms = Arm::ALL.into_iter();
        arms.filter(|arm| self == Self::Sql || arm.queries == Queries::Untraced)
            .collect()
    }
}
