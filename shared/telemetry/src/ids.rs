//! Trace and span ids are random, not secret.

/// A random number, not zero (an id of zeros is invalid), and the state for the next one.
///
/// The generator is xoroshiro128++ (Blackman and Vigna). Its first state is drawn from a cryptographic source, and is not
/// all zeros: asking such a source for each id takes longer than all else that there is to a span.
///
/// ```
/// let (first, state) = throughline_core::ids::random((1, 2));
/// let (second, _) = throughline_core::ids::random(state);
/// assert_ne!(first, second);
/// ```
pub fn random((a, mut b): (u64, u64)) -> (u64, (u64, u64)) {
    let random = a.wrapping_add(b).rotate_left(17).wrapping_add(a);
    b ^= a;
    let next = (a.rotate_left(49) ^ b ^ b << 21, b.rotate_left(28));
    (random.max(1), next)
}
