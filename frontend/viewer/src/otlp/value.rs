//! Attribute values: OTLP's `AnyValue`, kept with its type.
//!
//! Lists and maps nest, and are read and shown by recursion: serde_json refuses more than 128 levels before that.

use std::fmt;

use serde_json::Value as Json;

use crate::json::{list, text};

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// E.g. `http.request.method`.
    pub key: String,
    /// Its value.
    pub value: Value,
}

/// A value of any of OTLP's types.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value was given, which OTLP allows.
    Empty,
    /// `stringValue`.
    Text(String),
    /// `boolValue`.
    Bool(bool),
    /// `intValue`.
    Int(i64),
    /// `doubleValue`.
    Double(f64),
    /// `bytesValue`, in the base64 in which it came.
    Bytes(String),
    /// `arrayValue`.
    List(Vec<Value>),
    /// `kvlistValue`.
    Map(Vec<Attribute>),
}

pub(super) fn attributes(object: &Json) -> Vec<Attribute> {
    list(object, "attributes")
        .iter()
        .map(Attribute::read)
        .collect()
}

impl Attribute {
    fn read(json: &Json) -> Self {
        let value = json.get("value").map_or(Value::Empty, Value::read);
        Self {
            key: text(json, "key").into(),
            value,
        }
    }
}

impl Value {
    fn read(json: &Json) -> Self {
        let Some((kind, value)) = json.as_object().and_then(|any| any.iter().next()) else {
            return Self::Empty;
        };
        let read = match kind.as_str() {
            "stringValue" => value.as_str().map(|text| Self::Text(text.into())),
            "boolValue" => value.as_bool().map(Self::Bool),
            "intValue" => match value {
                Json::String(digits) => digits.parse().ok().map(Self::Int),
                number => number.as_i64().map(Self::Int),
            },
            // "NaN" and "Infinity" are strings in proto3 JSON.
            "doubleValue" => match value {
                Json::String(text) => text.parse().ok().map(Self::Double),
                number => number.as_f64().map(Self::Double),
            },
            "bytesValue" => value.as_str().map(|text| Self::Bytes(text.into())),
            "arrayValue" => Some(Self::List(
                list(value, "values").iter().map(Self::read).collect(),
            )),
            "kvlistValue" => Some(Self::Map(
                list(value, "values").iter().map(Attribute::read).collect(),
            )),
            _ => None,
        };
        read.unwrap_or(Self::Empty)
    }

    /// The type as a word, for the reader who wonders whether `200` is a number or text.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Text(_) => "string",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Double(_) => "double",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "array",
            Self::Map(_) => "map",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("(empty)"),
            Self::Text(text) | Self::Bytes(text) => f.write_str(text),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Double(value) => write!(f, "{value}"),
            Self::List(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{value}")?;
                }
                f.write_str("]")
            }
            Self::Map(attributes) => {
                f.write_str("{")?;
                for (index, Attribute { key, value }) in attributes.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{key}: {value}")?;
                }
                f.write_str("}")
            }
        }
    }
}
