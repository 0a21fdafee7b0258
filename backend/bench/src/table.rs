//! What is printed.

use crate::{
    arm::{Arm, Queries, Route, Telemetry},
    compare::Plan,
};

/// What was measured of one server.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) arm: Arm,
    /// Requests a second, round by round.
    pub(crate) rates: Vec<f64>,
    /// Microseconds of processor time a request, round by round.
    pub(crate) micros: Vec<f64>,
    /// The part of its spans that arrived. None if it makes none.
    pub(crate) exported: Option<f64>,
}

/// A median and how far the middle half of the rounds is spread around it.
#[derive(Clone, Copy, Debug)]
struct Spread {
    median: f64,
    half: f64,
}

/// Our telemetry takes less processor time a request than this, in microseconds.
const CPU_BAR_MICROS: f64 = 10.0;
/// Our telemetry takes less of the throughput of a route with a query than this, in percent.
const THROUGHPUT_BAR_PERCENT: f64 = 10.0;

/// What a server costs more than the one without telemetry.
#[derive(Clone, Copy, Debug)]
struct Cost {
    throughput_percent: Spread,
    cpu_micros: Spread,
}

pub(crate) fn times(plan: &Plan, route: Route, rows: &[Row]) {
    println!(
        "\n{}: medians of {} rounds of {:.1} s, in turns; ± is half of what the middle half of the rounds spans",
        route.title(),
        plan.rounds,
        plan.round.as_secs_f32()
    );
    println!(
        "{:<42}{:>12}{:>18}{:>13}{:>18}{:>12}",
        "", "requests/s", "throughput less", "CPU/request", "CPU more", "exported"
    );
    let Some(none) = rows.iter().find(|row| row.arm.telemetry == Telemetry::None) else {
        return;
    };
    for row in rows {
        println!("{}", line(row, none, route));
    }
    for ours in rows.iter().filter(|it| it.arm.telemetry == Telemetry::Ours) {
        println!("{}", verdict(ours, rows, none, route));
    }
}

fn line(row: &Row, none: &Row, route: Route) -> String {
    let rate = spread(row.rates.clone()).median;
    let cpu = format!("{:.1} µs", spread(row.micros.clone()).median);
    let label = label(row.arm, route);
    if row.arm == none.arm {
        return format!("{label:<42}{rate:>12.0}{:>18}{cpu:>13}", "");
    }
    let Cost {
        throughput_percent: less,
        cpu_micros: more,
    } = cost(row, none);
    let less = format!("{:.1} ± {:.1} %", less.median, less.half);
    let more = format!("+{:.1} ± {:.1} µs", more.median, more.half);
    let exported = row.exported.map(|it| format!("{:.1} %", it * 100.0));
    let exported = exported.unwrap_or_default();
    format!("{label:<42}{rate:>12.0}{less:>18}{cpu:>13}{more:>18}{exported:>12}")
}

/// Ours beside those that make the same spans, and the bars.
fn verdict(ours: &Row, rows: &[Row], none: &Row, route: Route) -> String {
    let cost_of_ours = cost(ours, none);
    let cpu = cost_of_ours.cpu_micros.median;
    let others = rows
        .iter()
        .filter(|it| it.arm.queries == ours.arm.queries && it.arm.telemetry.is_of_others());
    let others = others.map(|other| {
        let ratio = cpu / cost(other, none).cpu_micros.median;
        format!(
            "{ratio:.2} of what {} takes",
            Arm::new(other.arm.telemetry, Queries::Untraced).name()
        )
    });
    let mut told: Vec<String> = others.collect();
    told.push(bar("10 µs", cpu <= CPU_BAR_MICROS));
    if route == Route::Sqlite {
        let less = cost_of_ours.throughput_percent.median;
        told.push(bar("10 % of throughput", less < THROUGHPUT_BAR_PERCENT));
    }
    format!("{}: CPU {}", label(ours.arm, route), told.join("; "))
}

fn bar(name: &str, holds: bool) -> String {
    let verdict = if holds { "holds" } else { "is exceeded" };
    format!("the bar of {name} {verdict}")
}

fn cost(row: &Row, none: &Row) -> Cost {
    let less = |it: f64, none: f64| (1.0 - it / none) * 100.0;
    Cost {
        throughput_percent: spread(paired(&row.rates, &none.rates, less)),
        cpu_micros: spread(paired(&row.micros, &none.micros, |it, none| it - none)),
    }
}

/// What the tables call an arm.
fn label(arm: Arm, route: Route) -> String {
    let name = arm.name();
    let name = name.strip_suffix("+sql").unwrap_or(&name);
    match (arm.telemetry, arm.queries, route) {
        (Telemetry::None, ..) => "without telemetry".to_owned(),
        (_, Queries::Untraced, Route::Bare) => name.to_owned(),
        (_, Queries::Untraced, _) => format!("{name}, HTTP only"),
        (_, Queries::Traced, _) => format!("{name}, HTTP and SQL"),
    }
}

/// Round by round.
fn paired(values: &[f64], none: &[f64], compare: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let pairs = values.iter().zip(none);
    pairs.map(|(it, none)| compare(*it, *none)).collect()
}

fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    let at = |part: f64| values[((values.len() - 1) as f64 * part).round() as usize];
    Spread {
        median: at(0.5),
        half: (at(0.75) - at(0.25)) / 2.0,
    }
}

/// Instructions a request of each server.
pub(crate) fn instructions(route: Route, rows: &[(Arm, f64)]) {
    println!(
        "\n{}: instructions a request, the kernel's not among them",
        route.title()
    );
    let none = rows
        .iter()
        .find(|(arm, _)| arm.telemetry == Telemetry::None);
    let none = none.map_or(0.0, |(_, count)| *count);
    for (arm, count) in rows {
        println!(
            "{:<42}{count:>12.0}{:>+12.0}",
            label(*arm, route),
            count - none
        );
    }
}
