//! One colour per service, the same in every trace and for every viewer.
//!
//! Colours by order of appearance change from trace to trace; here the name alone decides. Lightness is left to the
//! style sheet, one value for light and one for dark, in OKLCH, where equal lightness means equal contrast for every hue.

/// Hues from here to [`LAST_HUE`], in degrees: reds are left out, they mean an error.
const FIRST_HUE: u64 = 80;
/// See [`FIRST_HUE`].
const LAST_HUE: u64 = 320;
/// Far enough apart to be told from each other.
const HUE_STEP: u64 = 20;

/// The hue of a service, in degrees of OKLCH.
pub fn hue(service: &str) -> u64 {
    let hues = (LAST_HUE - FIRST_HUE) / HUE_STEP + 1;
    FIRST_HUE + fnv1a(service) % hues * HUE_STEP
}

/// FNV-1a with a final mix: stable for ever, unlike the standard library's hashers, and tiny.
fn fnv1a(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_always_has_the_same_hue() {
        // Screenshots, habits and links between people depend on these: they do not change from release to release.
        assert_eq!(hue("rag-admin-frontend"), 240);
        assert_eq!(hue("rag-admin-backend"), 160);
        assert_eq!(hue("checkout"), 120);
    }

    #[test]
    fn no_service_is_red_and_all_hues_are_used() {
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..1_000 {
            seen.insert(hue(&format!("service-{number}")));
        }
        assert_eq!(seen.len(), 13);
        assert!(seen.iter().all(|hue| (80..=320).contains(hue)));
    }
}
