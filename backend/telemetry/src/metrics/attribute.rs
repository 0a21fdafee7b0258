//! Attributes whose values are known.

use opentelemetry::KeyValue;

/// An attribute with a list of values. [`attribute!`](crate::attribute) declares one.
pub trait Attribute: Copy {
    /// Its name, such as `outcome`.
    const KEY: &'static str;
    /// Every value that it can have.
    const VALUES: &'static [&'static str];
    /// The value.
    fn value(self) -> &'static str;
}

/// The attributes of an instrument: `()`, or a tuple of up to four [`Attribute`]s.
pub trait Attributes {
    #[doc(hidden)]
    type Pairs: AsRef<[KeyValue]>;
    #[doc(hidden)]
    fn pairs(self) -> Self::Pairs;
}

/// Declares an enum that is an [`Attribute`](crate::metrics::Attribute): `enum Type: "key" { Variant = "value", … }`.
///
/// See [`metrics`](crate::metrics) for an example.
#[macro_export]
macro_rules! attribute {
    ($(#[$doc:meta])* $visibility:vis enum $name:ident: $key:literal {
        $($(#[$variant_doc:meta])* $variant:ident = $value:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visibility enum $name {
            $(
                $(#[$variant_doc])*
                #[doc = concat!("`", $value, "`")]
                $variant,
            )+
        }

        impl $crate::metrics::Attribute for $name {
            const KEY: &'static str = $key;
            const VALUES: &'static [&'static str] = &[$($value),+];

            fn value(self) -> &'static str {
                match self {
                    $(Self::$variant => $value,)+
                }
            }
        }
    };
}

impl Attributes for () {
    type Pairs = [KeyValue; 0];

    fn pairs(self) -> Self::Pairs {
        []
    }
}

fn pair<A: Attribute>(attribute: A) -> KeyValue {
    KeyValue::new(A::KEY, attribute.value())
}

macro_rules! tuple {
    ($length:literal: $($type:ident $field:tt),+) => {
        impl<$($type: Attribute),+> Attributes for ($($type,)+) {
            type Pairs = [KeyValue; $length];

            fn pairs(self) -> Self::Pairs {
                [$(pair(self.$field)),+]
            }
        }
    };
}

tuple!(1: A 0);
tuple!(2: A 0, B 1);
tuple!(3: A 0, B 1, C 2);
tuple!(4: A 0, B 1, C 2, D 3);
