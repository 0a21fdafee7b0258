//! `OTEL_TRACES_SAMPLER` and its argument.

use super::read::Reader;

/// A sampler by its name in the specification.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SamplerName {
    AlwaysOn,
    AlwaysOff,
    Ratio(f64),
    ParentBasedAlwaysOn,
    ParentBasedAlwaysOff,
    ParentBasedRatio(f64),
}

// === impl SamplerName ===

impl SamplerName {
    /// None for a name that is not known: the default then holds.
    pub(super) fn read(read: &Reader<'_>) -> Option<Self> {
        let name = read.word(
            "OTEL_TRACES_SAMPLER",
            &[
                ("always_on", Self::AlwaysOn),
                ("always_off", Self::AlwaysOff),
                ("traceidratio", Self::Ratio(1.0)),
                ("parentbased_always_on", Self::ParentBasedAlwaysOn),
                ("parentbased_always_off", Self::ParentBasedAlwaysOff),
                ("parentbased_traceidratio", Self::ParentBasedRatio(1.0)),
            ],
        )?;
        Some(match name {
            Self::Ratio(_) => Self::Ratio(ratio(read)),
            Self::ParentBasedRatio(_) => Self::ParentBasedRatio(ratio(read)),
            other => other,
        })
    }
}

/// From 0 to 1. All, without a number that makes sense.
fn ratio(read: &Reader<'_>) -> f64 {
    const NAME: &str = "OTEL_TRACES_SAMPLER_ARG";
    let Some(text) = read.text(NAME) else {
        return 1.0;
    };
    let given = text.parse::<f64>().ok();
    given
        .filter(|ratio| (0.0..=1.0).contains(ratio))
        .unwrap_or_else(|| {
            read.warn(NAME, "a number from 0 to 1 is wanted");
            1.0
        })
}
