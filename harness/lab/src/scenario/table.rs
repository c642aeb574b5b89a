//! Tables of the file: one definition of a table gives its Rust type, its reader and its JSON schema.

use super::diagnostic::{Code, Problems, Span, listed, quoted};
use super::read::{Field, Read, read_field, wrong_type};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

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

        impl $crate::scenario::table::Table for $name {
            const WHAT: &'static str = $what;

            fn keys() -> Vec<&'static str> {
                [
                    vec![$($($choice_key,)+)? $($key,)*],
                    $(<$inner_ty as $crate::scenario::table::Table>::keys(),)*
                ]
                .concat()
            }

            fn choice() -> Option<(&'static str, Vec<&'static str>)> {
                let choice = None;
                $(let choice = choice.or(Some(($choice_what, vec![$($choice_key),+])));)?
                choice
            }

            fn from_fields(
                fields: &$crate::scenario::table::Fields<'_, '_>,
                problems: &mut $crate::scenario::diagnostic::Problems,
            ) -> Self {
                Self {
                    $($inner: <$inner_ty as $crate::scenario::table::Table>::from_fields(fields, problems),)*
                    $($field: fields.read($key, $crate::scenario::table::Need::$need, problems),)*
                    $($choice_field: $choice::from_fields(fields, problems),)?
                }
            }

            fn schemas(
                generator: &mut schemars::SchemaGenerator,
            ) -> Vec<(&'static str, $crate::scenario::table::Need, schemars::Schema)> {
                use $crate::scenario::table::{Need, key_schema};
                [
                    vec![
                        $(($key, Need::$need, key_schema::<$ty>(&[$($doc),+], generator)),)*
                        $($((
                            $choice_key,
                            Need::Optional,
                            key_schema::<$choice_ty>(&[$($choice_doc),+], generator),
                        ),)+)?
                    ],
                    $(<$inner_ty as $crate::scenario::table::Table>::schemas(generator),)*
                ]
                .concat()
            }
        }

        $(
            impl $choice {
                fn from_fields(
                    fields: &$crate::scenario::table::Fields<'_, '_>,
                    problems: &mut $crate::scenario::diagnostic::Problems,
                ) -> $crate::scenario::read::Field<Self> {
                    use $crate::scenario::read::Field;
                    use $crate::scenario::table::Need;
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
                $crate::scenario::table::read_table(item, problems)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::scenario::table::table_schema::<Self>(&[$($about),+], generator)
            }
        }
    };
}
pub(super) use table;
