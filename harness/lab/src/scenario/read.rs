//! Reading tables of the file: one definition of a table gives its Rust type, its reader and its JSON schema.
//!
//! Tables are walked by hand so that every problem of a file is found and has its place; whatever is wrong is
//! reported to [`Problems`] and read as [`Field::Invalid`], so that one mistake does not hide or cause another.

use super::diagnostic::{Code, Problems, Span, listed, quoted};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use std::borrow::Cow;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

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

/// Whether a table must have a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
}

/// A table of the file. The macro `table!` implements it.
pub(super) trait Table: Sized {
    /// What messages call it: `a step`.
    const WHAT: &'static str;

    /// Its keys, those of the tables it includes among them.
    fn keys() -> Vec<&'static str>;

    /// What messages call the keys of which it has exactly one, and these keys.
    fn choice() -> Option<(&'static str, Vec<&'static str>)>;

    /// Reads it from fields whose keys have been checked.
    fn from_fields(fields: &Fields<'_, '_>, problems: &mut Problems) -> Self;

    /// Each key with its schema and whether it is needed.
    fn schemas(generator: &mut SchemaGenerator) -> Vec<(&'static str, Need, Schema)>;
}

/// The entries of one table of the file.
pub(super) struct Fields<'a, 'i> {
    table: &'a DeTable<'i>,
    span: Span,
    what: &'static str,
}

impl Fields<'_, '_> {
    /// Reads what stands under `key`.
    pub(super) fn read<T: Read>(&self, key: &str, need: Need, problems: &mut Problems) -> Field<T> {
        let Some((_, item)) = self.entry(key) else {
            if need == Need::Required {
                let message = format!("{} needs {}", self.what, quoted(key));
                problems.report(Code::MissingKey, self.span, message);
                return Field::Invalid;
            }
            return Field::Absent;
        };
        read_field(item, problems)
    }

    /// The first of these keys that is there.
    pub(super) fn first_of(&self, keys: &[&'static str]) -> Option<&'static str> {
        keys.iter().copied().find(|key| self.entry(key).is_some())
    }

    fn entry(&self, key: &str) -> Option<(Span, &Spanned<DeValue<'_>>)> {
        self.table
            .iter()
            .find(|(known, _)| known.get_ref() == key)
            .map(|(known, item)| (known.span().into(), item))
    }

    /// Reports keys that the table does not have, and a choice that is not exactly one.
    fn check<T: Table>(&self, problems: &mut Problems) {
        let keys = T::keys();
        let mut all_known = true;
        for (key, _) in self.table {
            let name = key.get_ref();
            if !keys.contains(&name.as_ref()) {
                all_known = false;
                unknown_key::<T>(name, key.span().into(), &keys, problems);
            }
        }
        let Some((group, choice)) = T::choice() else {
            return;
        };
        let present: Vec<(&str, Span)> = self
            .table
            .iter()
            .filter(|(key, _)| choice.contains(&key.get_ref().as_ref()))
            .map(|(key, _)| (key.get_ref().as_ref(), key.span().into()))
            .collect();
        match present.as_slice() {
            [] if all_known => {
                let message = format!("{} needs {group}", T::WHAT);
                let help = format!("one of {}", listed(choice));
                problems
                    .report(Code::MissingKey, self.span, message)
                    .help(help);
            }
            [(first, first_span), (second, second_span), ..] => {
                let message = format!(
                    "{} has {group}, not both {} and {}",
                    T::WHAT,
                    quoted(first),
                    quoted(second)
                );
                problems
                    .report(Code::ConflictingKeys, *second_span, message)
                    .also(*first_span, "the first");
            }
            _ => {}
        }
    }
}

fn unknown_key<T: Table>(name: &str, span: Span, keys: &[&str], problems: &mut Problems) {
    let known = keys.iter().copied();
    let diagnostic = problems.unknown(Code::UnknownKey, span, "key", name, known);
    diagnostic.message = format!("{} has no key {}", T::WHAT, quoted(name));
    if diagnostic.help.is_none() {
        let listed = listed(keys.iter().copied());
        diagnostic.help = Some(format!("its keys are {listed}"));
    }
}

/// Reads a table that `table!` defined.
pub(super) fn read_table<T: Table>(
    item: &Spanned<DeValue<'_>>,
    problems: &mut Problems,
) -> Option<T> {
    let DeValue::Table(table) = item.get_ref() else {
        wrong_type(item, &format!("{}, which is a table", T::WHAT), problems);
        return None;
    };
    let fields = Fields {
        table,
        span: item.span().into(),
        what: T::WHAT,
    };
    fields.check::<T>(problems);
    Some(T::from_fields(&fields, problems))
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

/// The schema of a table.
pub(super) fn table_schema<T: Table>(doc: &[&str], generator: &mut SchemaGenerator) -> Schema {
    let keys = T::schemas(generator);
    let required: Vec<&str> = keys
        .iter()
        .filter(|(_, need, _)| *need == Need::Required)
        .map(|(key, ..)| *key)
        .collect();
    let properties: Map<String, Value> = keys
        .iter()
        .map(|(key, _, schema)| ((*key).to_owned(), schema.clone().to_value()))
        .collect();
    let mut schema = json_schema!({
        "type": "object",
        "description": prose(doc),
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    if let Some((_, choice)) = T::choice() {
        let one = choice
            .iter()
            .map(|key| serde_json::json!({ "required": [key] }));
        schema.insert("oneOf".into(), one.collect());
    }
    schema
}

/// The schema of the value under a key, with the key's own description.
pub(super) fn key_schema<T: JsonSchema>(doc: &[&str], generator: &mut SchemaGenerator) -> Schema {
    let mut schema = generator.subschema_for::<T>();
    schema.insert("description".into(), prose(doc).into());
    schema
}

/// The lines of a doc comment as one text.
pub(super) fn prose(doc: &[&str]) -> String {
    let lines: Vec<&str> = doc.iter().map(|line| line.trim()).collect();
    lines.join(" ").replace("  ", "\n\n")
}

/// Defines a table of the file: a struct, its reader and its schema.
///
/// - `Required "key" => field: Type` and `Optional "key" => field: Type` are its keys;
/// - `include field: Type` takes in all keys of another table;
/// - `one of Enum = "what", field { "key" => Variant(Type), .. }` is a group of keys of which exactly one is there.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        struct $name:ident = $what:literal {
            $(include $inner:ident: $inner_ty:ty,)*
            $($(#[doc = $doc:literal])+ $need:ident $key:literal => $field:ident: $ty:ty,)*
        }
        $(one of $choice:ident = $choice_what:literal, $choice_field:ident {
            $($(#[doc = $choice_doc:literal])+ $choice_key:literal => $variant:ident($choice_ty:ty),)+
        })?
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, PartialEq, Debug)]
        pub(in crate::scenario) struct $name {
            $(pub(in crate::scenario) $inner: $inner_ty,)*
            $($(#[doc = $doc])+ pub(in crate::scenario) $field: $crate::scenario::read::Field<$ty>,)*
            $(pub(in crate::scenario) $choice_field: $crate::scenario::read::Field<$choice>,)?
        }

        $(
            #[derive(Clone, PartialEq, Debug)]
            pub(in crate::scenario) enum $choice {
                $($(#[doc = $choice_doc])+ $variant($choice_ty),)+
            }
        )?

        impl $crate::scenario::read::Table for $name {
            const WHAT: &'static str = $what;

            fn keys() -> Vec<&'static str> {
                [
                    vec![$($($choice_key,)+)? $($key,)*],
                    $(<$inner_ty as $crate::scenario::read::Table>::keys(),)*
                ]
                .concat()
            }

            fn choice() -> Option<(&'static str, Vec<&'static str>)> {
                let choice = None;
                $(let choice = choice.or(Some(($choice_what, vec![$($choice_key),+])));)?
                choice
            }

            fn from_fields(
                fields: &$crate::scenario::read::Fields<'_, '_>,
                problems: &mut $crate::scenario::diagnostic::Problems,
            ) -> Self {
                Self {
                    $($inner: <$inner_ty as $crate::scenario::read::Table>::from_fields(fields, problems),)*
                    $($field: fields.read($key, $crate::scenario::read::Need::$need, problems),)*
                    $($choice_field: $choice::from_fields(fields, problems),)?
                }
            }

            fn schemas(
                generator: &mut schemars::SchemaGenerator,
            ) -> Vec<(&'static str, $crate::scenario::read::Need, schemars::Schema)> {
                use $crate::scenario::read::{Need, key_schema};
                [
                    vec![
                        $(($key, Need::$need, key_schema::<$ty>(&[$($doc),+], generator)),)*
                        $($((
                            $choice_key,
                            Need::Optional,
                            key_schema::<$choice_ty>(&[$($choice_doc),+], generator),
                        ),)+)?
                    ],
                    $(<$inner_ty as $crate::scenario::read::Table>::schemas(generator),)*
                ]
                .concat()
            }
        }

        $(
            impl $choice {
                fn from_fields(
                    fields: &$crate::scenario::read::Fields<'_, '_>,
                    problems: &mut $crate::scenario::diagnostic::Problems,
                ) -> $crate::scenario::read::Field<Self> {
                    use $crate::scenario::read::{Field, Need};
                    match fields.first_of(&[$($choice_key),+]) {
                        $(Some($choice_key) => fields
                            .read::<$choice_ty>($choice_key, Need::Optional, problems)
                            .map(Self::$variant),)+
                        _ => Field::Invalid,
                    }
                }
            }
        )?

        impl $crate::scenario::read::Read for $name {
            fn read(
                item: &toml::Spanned<toml::de::DeValue<'_>>,
                problems: &mut $crate::scenario::diagnostic::Problems,
            ) -> Option<Self> {
                $crate::scenario::read::read_table(item, problems)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::scenario::read::table_schema::<Self>(&[$($about),+], generator)
            }
        }
    };
}
pub(super) use table;
