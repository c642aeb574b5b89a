//! Reading values of the file.
//!
//! Values are walked by hand so that every problem of a file is found and has its place; whatever is wrong is
//! reported to [`Problems`] and read as [`Field::Invalid`], so that one mistake does not hide or cause another.

use super::diagnostic::{Code, Problems, Span, quoted};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use toml::Spanned;
use toml::de::DeValue;

/// What can be read from a value of the file.
pub(super) trait Read: JsonSchema + Sized {
    /// Reads the value; `None` if it is wrong, which has been reported then.
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self>;
}

/// A value and its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

/// What a table has under one key.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Field<T> {
    /// Nothing.
    Absent,
    /// Something wrong, which has been reported.
    Invalid,
    /// A value.
    Given(At<T>),
}

impl<T> Field<T> {
    /// The value with its place, if there is a good one.
    pub(super) const fn given(&self) -> Option<&At<T>> {
        match self {
            Self::Given(at) => Some(at),
            Self::Absent | Self::Invalid => None,
        }
    }

    /// The value, if there is a good one.
    pub(super) fn value(&self) -> Option<&T> {
        self.given().map(|at| &at.value)
    }

    /// The value's place, if there is a good one.
    pub(super) fn span(&self) -> Option<Span> {
        self.given().map(|at| at.span)
    }

    /// The same with another value.
    pub(super) fn map<U>(self, f: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Absent => Field::Absent,
            Self::Invalid => Field::Invalid,
            Self::Given(At { value, span }) => Field::Given(At {
                value: f(value),
                span,
            }),
        }
    }

    pub(super) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(super) const fn is_invalid(&self) -> bool {
        matches!(self, Self::Invalid)
    }
}

/// Reads a value that must be there.
pub(super) fn read_field<T: Read>(
    item: &Spanned<DeValue<'_>>,
    problems: &mut Problems,
) -> Field<T> {
    T::read(item, problems).map_or(Field::Invalid, |value| {
        let span = item.span().into();
        Field::Given(At { value, span })
    })
}

/// Reports a value that is something else than expected.
pub(super) fn wrong_type<'p>(
    item: &Spanned<DeValue<'_>>,
    expected: &str,
    problems: &'p mut Problems,
) -> &'p mut super::Diagnostic {
    let found = match item.get_ref() {
        DeValue::String(_) => "a text".into(),
        DeValue::Integer(number) => format!("the number {}", quoted(&number.to_string())),
        DeValue::Float(number) => format!("the number {}", quoted(number.as_str())),
        DeValue::Boolean(value) => format!("`{value}`"),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(_) => "an array".into(),
        DeValue::Table(_) => "a table".into(),
    };
    let message = format!("expected {expected}, found {found}");
    problems.report(Code::WrongType, item.span().into(), message)
}

/// The text of a value, or a report that it is none.
pub(super) fn text<'a>(
    item: &'a Spanned<DeValue<'_>>,
    expected: &str,
    problems: &mut Problems,
) -> Option<&'a str> {
    if item.get_ref().as_str().is_none() {
        wrong_type(item, expected, problems);
    }
    item.get_ref().as_str()
}

/// The whole number of a value within `bounds`, or a report that it is none.
pub(super) fn integer(
    item: &Spanned<DeValue<'_>>,
    expected: &str,
    bounds: (u64, u64),
    problems: &mut Problems,
) -> Option<u64> {
    let DeValue::Integer(number) = item.get_ref() else {
        wrong_type(item, expected, problems);
        return None;
    };
    let value = u64::from_str_radix(number.as_str(), number.radix()).ok();
    let value = value.filter(|value| (bounds.0..=bounds.1).contains(value));
    if value.is_none() {
        let message = format!("expected {expected}, found {}", quoted(number.as_str()));
        problems.report(Code::InvalidValue, item.span().into(), message);
    }
    value
}

impl Read for String {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        text(item, "a text", problems).map(str::to_owned)
    }
}

impl Read for bool {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        if item.get_ref().as_bool().is_none() {
            wrong_type(item, "`true` or `false`", problems);
        }
        item.get_ref().as_bool()
    }
}

impl<T: Read> Read for Box<T> {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        T::read(item, problems).map(Self::new)
    }
}

/// An array of values, in their order.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct List<T>(pub(super) Vec<Field<T>>);

impl<T> List<T> {
    /// The good ones.
    pub(super) fn given(&self) -> impl Iterator<Item = &At<T>> {
        self.0.iter().filter_map(Field::given)
    }
}

impl<T: Read> Read for List<T> {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let Some(array) = item.get_ref().as_array() else {
            wrong_type(item, "an array", problems)
                .help("an array is in brackets, also if it has one item: `[ .. ]`");
            return None;
        };
        let items = array.iter().map(|item| read_field(item, problems));
        Some(Self(items.collect()))
    }
}

impl<T: JsonSchema> JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("List of {}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<T>() })
    }
}

/// A table whose keys the file chooses, in the file's order.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Entries<T>(pub(super) Vec<(At<String>, Field<T>)>);

impl<T: Read> Read for Entries<T> {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let DeValue::Table(table) = item.get_ref() else {
            wrong_type(item, "a table", problems);
            return None;
        };
        let entry = |(key, item): (&Spanned<Cow<'_, str>>, _)| {
            let name = At {
                value: key.get_ref().to_string(),
                span: key.span().into(),
            };
            (name, read_field(item, problems))
        };
        Some(Self(table.iter().map(entry).collect()))
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Table of {}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}
