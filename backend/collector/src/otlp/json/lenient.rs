//! The scalars of the protobuf JSON mapping, as forgiving as it allows: 64-bit integers as text or number, `null` for the
//! default, bytes in either alphabet of base64. Ids are hexadecimal, as OTLP departs from the mapping there.

use std::{borrow::Cow, fmt, marker::PhantomData};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A protobuf message: knows its fields by their JSON names.
pub(super) trait JsonMessage: Default {
    /// Reads the value of the field `name`, or skips it when the message has no such field.
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

/// A message that may be `null`.
pub(super) struct Message<T>(pub(super) T);
/// A message that may be missing; `null` is missing.
pub(super) struct Maybe<T>(pub(super) Option<T>);
/// A repeated message.
pub(super) struct List<T>(pub(super) Vec<T>);
/// A scalar that serde reads by itself.
pub(super) struct Plain<T>(pub(super) T);
/// An integer, as a number or as text.
pub(super) struct Integer<T>(pub(super) T);
/// A floating-point number, or its text; knows `NaN` and `Infinity`.
pub(super) struct Double(pub(super) f64);
/// A trace or span id in hexadecimal.
pub(super) struct Hex(pub(super) Vec<u8>);
/// Bytes in base64.
pub(super) struct Base64(pub(super) Vec<u8>);

const INVALID_ID: [u8; 1] = [0];
const BASE64_CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, BASE64_CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, BASE64_CONFIG);

// === impl Message, Maybe, List ===

impl<'de, T: JsonMessage> Deserialize<'de> for Message<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|Maybe(message)| Self(message.unwrap_or_default()))
    }
}

impl<'de, T: JsonMessage> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);
        impl<'de, T: JsonMessage> Visitor<'de> for Fields<T> {
            type Value = Option<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut message = T::default();
                while let Some(Name(name)) = map.next_key()? {
                    message.field(&name, &mut map)?;
                }
                Ok(Some(message))
            }
        }
        deserializer.deserialize_any(Fields(PhantomData)).map(Self)
    }
}

/// A field name, borrowed where it has no escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(name))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(name.to_owned()))
            }
        }
        deserializer.deserialize_str(Text).map(Self)
    }
}

impl<'de, T: JsonMessage> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);
        impl<'de, T: JsonMessage> Visitor<'de> for Items<T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of objects")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(Message(item)) = seq.next_element()? {
                    items.push(item);
                }
                Ok(items)
            }
        }
        deserializer.deserialize_any(Items(PhantomData)).map(Self)
    }
}

// === impl Plain, Integer, Double ===

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Plain<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(deserializer).map(|value| Self(value.unwrap_or_default()))
    }
}

/// What JSON can hold where a number is meant.
enum Number {
    Whole(i128),
    Real(f64),
}

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Integer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let whole = match deserializer.deserialize_any(NumberVisitor)? {
            Number::Whole(whole) => Some(whole),
            Number::Real(real) => whole(real),
        };
        let value = whole.and_then(|whole| T::try_from(whole).ok());
        value
            .map(Self)
            .ok_or_else(|| de::Error::custom("not an integer, or out of range"))
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(NumberVisitor)? {
            #[allow(clippy::cast_precision_loss)]
            // a JSON number without a point is still a double here
            Number::Whole(whole) => Ok(Self(whole as f64)),
            Number::Real(real) => Ok(Self(real)),
        }
    }
}

/// `1e3` is an integer in protobuf JSON, `1.5` is not.
fn whole(real: f64) -> Option<i128> {
    const EXACT: f64 = 1.8e19; // beyond any 64-bit integer
    #[allow(clippy::cast_possible_truncation)] // in range and without a fraction
    (real.fract() == 0.0 && real.abs() < EXACT).then_some(real as i128)
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or its text")
    }

    fn visit_unit<E>(self) -> Result<Number, E> {
        Ok(Number::Whole(0))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
        Ok(Number::Whole(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
        Ok(Number::Whole(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
        Ok(Number::Real(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        if let Ok(whole) = text.parse() {
            return Ok(Number::Whole(whole));
        }
        let real = match text {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ => text.parse(),
        };
        real.map(Number::Real)
            .map_err(|_| E::custom("not a number"))
    }
}

// === impl Hex, Base64 ===

impl<'de> Deserialize<'de> for Hex {
    /// What is not hexadecimal becomes an id of a length that no id has: its span is rejected, the others are kept.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Plain(text) = Plain::<String>::deserialize(deserializer)?;
        Ok(Self(
            crate::hex::decode(&text).unwrap_or_else(|| INVALID_ID.to_vec()),
        ))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Plain(text) = Plain::<String>::deserialize(deserializer)?;
        let engine = if text.contains(['-', '_']) {
            &URL_SAFE
        } else {
            &STANDARD
        };
        engine
            .decode(text)
            .map(Self)
            .map_err(|_| de::Error::custom("not base64"))
    }
}

/// Skips the value of a field that the message does not have.
pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}
