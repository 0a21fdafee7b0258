//! What is measured of a pool.

use super::{sqlite::Database, support::Recorder};
use expect_test::expect;
use futures_util::poll;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporter, InMemoryMetricExporterBuilder, SdkMeterProvider, Temporality,
    data::{AggregatedMetrics, MetricData},
};
use std::{fmt::Write, pin::pin};

struct Meter {
    provider: SdkMeterProvider,
    exporter: InMemoryMetricExporter,
}

impl Meter {
    fn new() -> Self {
        Self::with(Temporality::Cumulative)
    }

    fn with(temporality: Temporality) -> Self {
        let exporter = InMemoryMetricExporterBuilder::new()
            .with_temporality(temporality)
            .build();
        let provider = SdkMeterProvider::builder()
            .with_periodic_exporter(exporter.clone())
            .build();
        Self { provider, exporter }
    }

    /// `name unit {attribute=value, …} value`, sorted; of histograms, the count.
    fn text(&self) -> String {
        self.exporter.reset();
        self.provider.force_flush().unwrap();
        let mut lines = Vec::new();
        for resource in self.exporter.get_finished_metrics().unwrap() {
            for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
                for (attributes, value) in points(metric.data()) {
                    let (name, unit) = (metric.name(), metric.unit());
                    lines.push(format!("{name} {unit} {{{attributes}}} {value}\n"));
                }
            }
        }
        lines.sort();
        lines.concat()
    }
}

fn points(data: &AggregatedMetrics) -> Vec<(String, String)> {
    let attributes = |attributes: &mut dyn Iterator<Item = &opentelemetry::KeyValue>| {
        let mut pairs: Vec<String> = attributes
            .map(|it| format!("{}={}", it.key, it.value))
            .collect();
        pairs.sort();
        pairs.join(", ")
    };
    match data {
        AggregatedMetrics::F64(MetricData::Histogram(data)) => data
            .data_points()
            .map(|it| (attributes(&mut it.attributes()), it.count().to_string()))
            .collect(),
        AggregatedMetrics::I64(MetricData::Sum(data)) => data
            .data_points()
            .map(|it| (attributes(&mut it.attributes()), it.value().to_string()))
            .collect(),
        AggregatedMetrics::U64(MetricData::Sum(data)) => data
            .data_points()
            .map(|it| (attributes(&mut it.attributes()), it.value().to_string()))
            .collect(),
        other => panic!("an unexpected metric: {other:?}"),
    }
}

#[tokio::test]
async fn operations_and_the_pool_are_measured() {
    let recorder = Recorder::new();
    let meter = Meter::new();
    let db = Database::new().await.pool(&recorder).await;
    let db = db.with_meter(&meter.provider.meter("throughline.sqlx"));
    for number in 0..3 {
        let query = sqlx::query("SELECT name FROM sqlite_master WHERE rowid = $1").bind(number);
        query.fetch_optional(&db).await.unwrap();
    }
    sqlx::query("SELECT * FROM nowhere")
        .execute(&db)
        .await
        .unwrap_err();
    let connection = db.acquire().await.unwrap();
    expect![[r#"
        db.client.connection.count {connection} {db.client.connection.pool.name=:memory:, db.client.connection.state=idle} 0
        db.client.connection.count {connection} {db.client.connection.pool.name=:memory:, db.client.connection.state=used} 1
        db.client.connection.max {connection} {db.client.connection.pool.name=:memory:} 1
        db.client.connection.pending_requests {request} {db.client.connection.pool.name=:memory:} 0
        db.client.connection.wait_time s {db.client.connection.pool.name=:memory:} 5
        db.client.operation.duration s {db.collection.name=nowhere, db.namespace=:memory:, db.operation.name=SELECT, db.query.summary=SELECT nowhere, db.response.status_code=1, db.system.name=sqlite, error.type=1} 1
        db.client.operation.duration s {db.collection.name=sqlite_master, db.namespace=:memory:, db.operation.name=SELECT, db.query.summary=SELECT sqlite_master, db.system.name=sqlite} 3
    "#]]
    .assert_eq(&meter.text());
    drop(connection);
}

#[tokio::test]
async fn who_waits_for_a_connection_is_counted_until_it_is_there_or_given_up() {
    let recorder = Recorder::new();
    let meter = Meter::new();
    let db = Database::new().await.pool(&recorder).await;
    let db = db.with_meter(&meter.provider.meter("throughline.sqlx"));
    let pending = || {
        let text = meter.text();
        let line = text.lines().find(|line| line.contains("pending"));
        line.unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    let connection = db.acquire().await.unwrap();
    let mut patient = pin!(sqlx::query("SELECT 1").fetch_one(&db));
    assert!(poll!(&mut patient).is_pending());
    {
        let mut impatient = pin!(db.begin());
        assert!(poll!(&mut impatient).is_pending());
        assert_eq!(pending(), "2");
    }
    assert_eq!(pending(), "1");
    drop(connection);
    patient.await.unwrap();
    assert_eq!(pending(), "0");
}

#[tokio::test]
async fn pools_of_one_database_are_told_apart() {
    let recorder = Recorder::new();
    let meter = Meter::new();
    let mut pools = Vec::new();
    for name in [None, None, Some("readers")] {
        let db = Database::new().await.pool(&recorder).await;
        let db = db.with_meter(&meter.provider.meter("throughline.sqlx"));
        let db = match name {
            Some(name) => db.with_name(name),
            None => db,
        };
        sqlx::query("SELECT 1").execute(&db).await.unwrap();
        pools.push(db);
    }
    let max = |text: String| {
        let lines = text.lines().filter(|line| line.contains("connection.max"));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    expect![[r#"
        db.client.connection.max {connection} {db.client.connection.pool.name=:memory:-2} 1
        db.client.connection.max {connection} {db.client.connection.pool.name=:memory:} 1
        db.client.connection.max {connection} {db.client.connection.pool.name=readers} 1
    "#]]
    .assert_eq(&max(meter.text()));

    // A name is free again when its pool is gone.
    pools.clear();
    let db = Database::new().await.pool(&recorder).await;
    let db = db.with_meter(&meter.provider.meter("throughline.sqlx"));
    sqlx::query("SELECT 1").execute(&db).await.unwrap();
    assert!(max(meter.text()).contains("pool.name=:memory:} 1"));
}

#[tokio::test]
async fn what_was_given_up_is_measured_apart_and_what_nobody_waited_for_not_at_all() {
    let recorder = Recorder::new();
    let meter = Meter::new();
    let db = Database::new().await.pool(&recorder).await;
    let db = db.with_meter(&meter.provider.meter("throughline.sqlx"));
    // It is rolled back as soon as somebody else wants the connection.
    drop(db.begin().await.unwrap());
    let connection = db.acquire().await.unwrap();
    assert!(poll!(pin!(sqlx::query("SELECT 1").fetch_one(&db))).is_pending());
    drop(connection);
    let text = meter.text();
    let durations: Vec<&str> = text.lines().filter(|it| it.contains("duration")).collect();
    expect![[r#"
        db.client.operation.duration s {db.namespace=:memory:, db.operation.name=BEGIN, db.query.summary=BEGIN, db.system.name=sqlite} 1
        db.client.operation.duration s {db.namespace=:memory:, db.operation.name=SELECT, db.query.summary=SELECT, db.system.name=sqlite, error.type=cancelled} 1"#]]
    .assert_eq(&durations.join("\n"));
}

#[tokio::test]
async fn names_that_are_made_up_as_the_program_runs_do_not_multiply_what_is_measured() {
    let recorder = Recorder::new();
    let meter = Meter::new();
    let db = Database::new().await.pool(&recorder).await;
    let db = db.with_meter(&meter.provider.meter("throughline.sqlx"));
    for number in 0..300 {
        let mut sql = String::new();
        write!(sql, "SELECT * FROM made_up_{number}").unwrap();
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&db)
            .await
            .unwrap_err();
    }
    let text = meter.text();
    let durations = text.lines().filter(|line| line.contains("duration"));
    assert_eq!(durations.count(), 101);
}

#[tokio::test]
async fn what_is_measured_after_an_export_of_deltas_is_in_the_next_one() {
    let recorder = Recorder::new();
    let meter = Meter::with(Temporality::Delta);
    let db = Database::new().await.pool(&recorder).await;
    let db = db.with_meter(&meter.provider.meter("throughline.sqlx"));
    for queries in [1, 3, 0, 2] {
        for _ in 0..queries {
            sqlx::query("SELECT 1").execute(&db).await.unwrap();
        }
        let text = meter.text();
        for name in ["operation.duration", "wait_time"] {
            let line = text.lines().find(|line| line.contains(name));
            let count = line.map_or("0", |line| line.rsplit(' ').next().unwrap());
            assert_eq!(count, queries.to_string(), "{text}");
        }
    }
}

#[tokio::test]
async fn statements_of_many_texts_are_all_measured() {
    let recorder = Recorder::new();
    let meter = Meter::new();
    let db = Database::new().await.pool(&recorder).await;
    let db = db.with_meter(&meter.provider.meter("throughline.sqlx"));
    for number in (0..300).chain(0..300) {
        let mut sql = String::new();
        write!(sql, "SELECT {number}").unwrap();
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&db)
            .await
            .unwrap();
    }
    let text = meter.text();
    let durations: Vec<&str> = text.lines().filter(|it| it.contains("duration")).collect();
    expect![[r#"db.client.operation.duration s {db.namespace=:memory:, db.operation.name=SELECT, db.query.summary=SELECT, db.system.name=sqlite} 600"#]]
        .assert_eq(&durations.join("\n"));
}
