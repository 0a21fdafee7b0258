//! Aggregation: measurements become data points, one for each attribute set.

use std::mem;

use opentelemetry::KeyValue;

use super::attributes::AttributeSet;
use super::description::{Data, Description, Number};
use super::write;
use crate::export::Item;
use crate::limits;

/// Instruments of a page at most. Those of further names measure nothing.
const MAX_INSTRUMENTS: usize = 256;

/// The buckets of a histogram that was given none (the specification's SDK, Explicit Bucket Histogram Aggregation).
const DEFAULT_BOUNDARIES: [f64; 15] = [
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0,
    10000.0,
];

/// All instruments' measurements.
#[derive(Debug, Default)]
pub(super) struct Streams(Vec<Stream>);

/// One instrument's measurements.
#[derive(Debug)]
struct Stream {
    of: Description,
    /// In the order of their attributes.
    points: Vec<Point>,
    /// What the next data points are counted from, in nanoseconds since 1970.
    start: u64,
}

/// The measurements of one attribute set.
#[derive(Debug)]
pub(super) struct Point {
    pub(super) attributes: AttributeSet,
    /// Whether there is something in it that was not collected.
    is_fresh: bool,
    /// The sum, or the last value.
    pub(super) value: Number,
    /// The part of an observed sum that was collected.
    collected: Number,
    pub(super) distribution: Option<Box<Distribution>>,
}

/// What a histogram has beside its sum.
#[derive(Debug)]
pub(super) struct Distribution {
    /// One more than boundaries: the last bucket has none.
    pub(super) counts: Vec<u64>,
    pub(super) min: f64,
    pub(super) max: f64,
}

// === impl Streams ===

impl Streams {
    /// The number of the instrument, if it can be, and what the developer is to be told of it.
    pub(super) fn instrument(
        &mut self,
        of: Description,
        now: u64,
    ) -> (Option<usize>, Option<&'static str>) {
        if let Some(problem) = of.problem() {
            return (None, Some(problem));
        }
        let mut problem = None;
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
        self.0.push(Stream::new(of, now));
        (Some(self.0.len() - 1), problem)
    }

    pub(super) fn record(&mut self, index: usize, value: Number, attributes: &[KeyValue]) {
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
            if !stream.of.kind.is_observable {
                stream.points.clear();
            }
        }
    }
}

// === impl Stream ===

impl Stream {
    fn new(mut of: Description, now: u64) -> Self {
        if of.kind.data == Data::Histogram && of.boundaries.is_none() {
            of.boundaries = Some(DEFAULT_BOUNDARIES.into());
        }
        Self {
            of,
            points: Vec::new(),
            start: now,
        }
    }

    fn record(&mut self, value: Number, attributes: &[KeyValue]) {
        let field = write::attributes_field(self.of.kind.data);
        let set = AttributeSet::new(attributes, field);
        // The last place is kept for what stands for all others.
        let has_room = self.points.len() + 1 < limits::get().metric_points;
        let (place, is_overflow) = match self.place(&set) {
            Ok(place) => (Ok(place), false),
            Err(place) if has_room => (Err((place, set)), false),
            Err(_) => {
                let set = AttributeSet::overflow(field);
                (self.place(&set).map_err(|place| (place, set)), true)
            }
        };
        let place = match place {
            Ok(place) => place,
            Err((place, set)) => {
                let is_integer = self.of.kind.is_integer;
                self.points.insert(place, Point::new(set, is_integer));
                place
            }
        };
        let kind = self.of.kind;
        // What is observed is the whole sum of its set; those that share one add up.
        let is_added = kind.data != Data::Gauge && (!kind.is_observable || is_overflow);
        let boundaries = self.of.boundaries.as_deref();
        if let Some(point) = self.points.get_mut(place) {
            let is_added = is_added && (point.is_fresh || !kind.is_observable);
            point.record(value, is_added, boundaries);
        }
    }

    /// Where the point of this set is, or belongs.
    fn place(&self, set: &AttributeSet) -> Result<usize, usize> {
        self.points
            .binary_search_by(|point| point.attributes.cmp(set))
    }

    fn collect(&mut self, now: u64, items: &mut Vec<Item>) {
        let kind = self.of.kind;
        // The clock may have been set back meanwhile.
        let start = self.start.min(now);
        let mut metric = write::Metric::new(&self.of, start, now);
        for point in &mut self.points {
            if !mem::take(&mut point.is_fresh) {
                continue;
            }
            let mut value = point.value;
            if kind.is_observable && kind.is_monotonic {
                value = point.since_collected();
                if value.to_f64() == 0.0 {
                    continue;
                }
            }
            metric.push(point, value, items);
        }
        metric.finish(items);
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
    fn new(attributes: AttributeSet, is_integer: bool) -> Self {
        let zero = if is_integer {
            Number::Integer(0)
        } else {
            Number::Double(0.0)
        };
        Self {
            attributes,
            is_fresh: false,
            value: zero,
            collected: zero,
            distribution: None,
        }
    }

    fn record(&mut self, value: Number, is_added: bool, boundaries: Option<&[f64]>) {
        self.is_fresh = true;
        self.value = if is_added {
            self.value.plus(value)
        } else {
            value
        };
        let Some(boundaries) = boundaries else { return };
        let value = value.to_f64();
        let distribution = self.distribution.get_or_insert_with(|| {
            Box::new(Distribution {
                counts: vec![0; boundaries.len() + 1],
                min: value,
                max: value,
            })
        });
        distribution.min = distribution.min.min(value);
        distribution.max = distribution.max.max(value);
        let bucket = boundaries.partition_point(|bound| *bound < value);
        if let Some(count) = distribution.counts.get_mut(bucket) {
            *count += 1;
        }
    }

    /// What an observed sum has grown by since it was collected. One that is smaller began anew.
    fn since_collected(&mut self) -> Number {
        let before = mem::replace(&mut self.collected, self.value);
        let grown = self.value.minus(before);
        if grown.to_f64() < 0.0 {
            self.value
        } else {
            grown
        }
    }
}
