//! Aggregation: measurements become data points, one for each attribute set.

use std::mem;

use opentelemetry::KeyValue;
use throughline_core::otlp::{Message, cut};

use super::description::{Description, MAX_NAME_BYTES};
use super::{attributes, write};
use crate::export::Item;
use crate::limits;

/// Instruments of a page at most. Those of further names measure nothing.
const MAX_INSTRUMENTS: usize = 256;

/// Bytes of data points in one `Metric` message. What has more travels in several, so that each fits into a request.
const MAX_POINTS_BYTES: usize = 16 * 1024;

/// The buckets of a histogram that was given none (the specification's SDK, Explicit Bucket Histogram Aggregation).
const DEFAULT_BOUNDARIES: [f64; 15] = [
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0,
    10000.0,
];

/// All instruments' measurements.
#[derive(Debug)]
pub(super) struct Streams(Vec<Stream>);

/// One instrument's measurements.
#[derive(Debug)]
struct Stream {
    of: Description,
    points: Vec<Point>,
    /// What the next data points are counted from, in nanoseconds since 1970.
    start: u64,
}

/// The measurements of one attribute set.
#[derive(Debug)]
pub(super) struct Point {
    pub(super) attributes: Message,
    /// Whether there is something in it that was not collected.
    is_fresh: bool,
    /// The sum, or the last value.
    value: f64,
    /// The part of an observed sum that was collected.
    collected: f64,
    /// Of a histogram, one more than boundaries: the last bucket has none.
    pub(super) counts: Vec<u64>,
    pub(super) min: f64,
    pub(super) max: f64,
}

// === impl Streams ===

impl Streams {
    pub(super) const NEW: Self = Self(Vec::new());

    /// The number of the instrument, if it can be, and what the developer is to be told of it.
    pub(super) fn instrument(
        &mut self,
        of: Description,
        now: u64,
    ) -> (Option<usize>, Option<String>) {
        let (place, problem) = self.place(&of);
        let told = problem.map(|it| {
            let name = cut(&of.name, MAX_NAME_BYTES);
            ["the instrument ", name, it].concat()
        });
        if place == Some(self.0.len()) {
            self.0.push(Stream::new(of, now));
        }
        (place, told)
    }

    /// The number that an instrument has, or is to have.
    fn place(&self, of: &Description) -> (Option<usize>, Option<&'static str>) {
        let mut problem = of.problem();
        if problem.is_some() {
            return (None, problem);
        }
        for (index, other) in self.0.iter().enumerate() {
            if !of.is_named_as(&other.of) {
                continue;
            }
            if of.is_kind_of(&other.of) {
                return (Some(index), None);
            }
            problem = Some(" has the name of another one of another kind or unit");
        }
        if self.0.len() >= MAX_INSTRUMENTS {
            return (None, Some(" is one too many, and measures nothing"));
        }
        (Some(self.0.len()), problem)
    }

    pub(super) fn record(&mut self, index: usize, value: f64, attributes: &[KeyValue]) {
        if let Some(stream) = self.0.get_mut(index)
            && stream.of.kind.accepts(value)
        {
            stream.record(value, attributes);
        }
    }

    /// What was recorded since the last collection, as encoded `Metric`s.
    pub(super) fn collect(&mut self, now: u64) -> Vec<Item> {
        let mut items = Vec::new();
        for stream in &mut self.0 {
            stream.collect(now, &mut items);
        }
        items
    }

    /// Drops what was not collected. Observed sums are remembered, so that they are not counted twice.
    pub(super) fn forget(&mut self, now: u64) {
        for stream in &mut self.0 {
            stream.start = now;
            for point in &mut stream.points {
                point.is_fresh = false;
            }
            if !stream.of.kind.is_observable() {
                stream.points.clear();
            }
        }
    }
}

// === impl Stream ===

impl Stream {
    fn new(mut of: Description, now: u64) -> Self {
        if of.kind.is_histogram() && of.boundaries.is_none() {
            of.boundaries = Some(DEFAULT_BOUNDARIES.into());
        }
        Self {
            of,
            points: Vec::new(),
            start: now,
        }
    }

    fn record(&mut self, value: f64, attributes: &[KeyValue]) {
        let kind = self.of.kind;
        let field = write::attributes_field(kind);
        let mut set = attributes::set(attributes, field);
        let mut place = self.place(&set);
        // The last place is kept for what stands for all others.
        let is_over = place.is_none() && self.points.len() + 1 >= limits::metric_points();
        if is_over {
            set = attributes::overflow(field);
            place = self.place(&set);
        }
        let boundaries = self.of.boundaries.as_deref();
        let place = place.unwrap_or_else(|| {
            self.points.push(Point::new(set, boundaries));
            self.points.len() - 1
        });
        let Some(point) = self.points.get_mut(place) else {
            return;
        };
        // What is observed is the whole sum of its set; those that share one add up.
        let is_added = !kind.is_observable() || is_over && point.is_fresh;
        point.value = if is_added && !kind.is_gauge() {
            point.value + value
        } else {
            value
        };
        point.is_fresh = true;
        if let Some(boundaries) = boundaries {
            point.count(value, boundaries);
        }
    }

    /// Where the point of this set is.
    #[inline(never)]
    fn place(&self, set: &Message) -> Option<usize> {
        self.points.iter().position(|it| it.attributes == *set)
    }

    fn collect(&mut self, now: u64, items: &mut Vec<Item>) {
        let kind = self.of.kind;
        // The clock may have been set back meanwhile.
        let times = [self.start.min(now), now];
        let mut points = Message::default();
        for point in &mut self.points {
            if !mem::take(&mut point.is_fresh) {
                continue;
            }
            let mut value = point.value;
            if kind.is_observable() && kind.is_monotonic() {
                // A sum that is smaller than it was began anew.
                let grown = value - mem::replace(&mut point.collected, value);
                if grown >= 0.0 {
                    value = grown;
                }
                if value == 0.0 {
                    continue;
                }
            }
            if points.len() >= MAX_POINTS_BYTES {
                items.push(write::metric(&self.of, mem::take(&mut points)));
            }
            write::point(&mut points, &self.of, point, value, times);
        }
        if points.len() > 0 {
            items.push(write::metric(&self.of, points));
        }
        if !kind.is_remembered() {
            self.points.clear();
        }
        if !kind.is_cumulative() {
            self.start = now;
        }
    }
}

// === impl Point ===

impl Point {
    fn new(attributes: Message, boundaries: Option<&[f64]>) -> Self {
        Self {
            attributes,
            is_fresh: false,
            value: 0.0,
            collected: 0.0,
            counts: boundaries.map_or_else(Vec::new, |it| vec![0; it.len() + 1]),
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }

    fn count(&mut self, value: f64, boundaries: &[f64]) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        let bucket = boundaries.iter().filter(|it| **it < value).count();
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
    }
}
