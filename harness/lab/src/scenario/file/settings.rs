//! Settings by the names of the operating systems.

use crate::scenario::diagnostic::{Code, Problems, Span, quoted};
use crate::scenario::read::{At, Read, wrong_type};
use halfopen_tcp::profile::Os;
use halfopen_tcp::profile::settings::{self, SettingValue};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A `settings` table: those for whatever the system is, and those of one family each.
///
/// A name with dots may be written with or without quotes: `net.ipv4.tcp_syn_retries = 2` means in TOML tables in
/// tables, and is read as the one name that it looks like.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::scenario) struct Settings {
    /// In the order of the file.
    pub(in crate::scenario) general: Vec<Setting>,
    /// In the order of the file.
    pub(in crate::scenario) by_os: BTreeMap<Os, Vec<Setting>>,
}

/// One setting.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::scenario) struct Setting {
    pub(in crate::scenario) name: At<String>,
    pub(in crate::scenario) value: At<SettingValue>,
}

impl Read for Settings {
    fn read(item: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Self> {
        let DeValue::Table(table) = item.get_ref() else {
            wrong_type(item, "a table of settings", problems);
            return None;
        };
        let mut read = Self::default();
        for (key, item) in table {
            let os = Os::ALL.iter().find(|os| os.name() == key.get_ref());
            match (os, item.get_ref()) {
                (Some(os), DeValue::Table(table)) => {
                    collect("", table, read.by_os.entry(*os).or_default(), problems);
                }
                (Some(_), _) => {
                    wrong_type(item, "a table of settings", problems);
                }
                (None, _) => setting("", key, item, &mut read.general, problems),
            }
        }
        for settings in std::iter::once(&mut read.general).chain(read.by_os.values_mut()) {
            // A name with dots may have been continued after others.
            settings.sort_by_key(|setting| setting.name.span);
            report_repeated(settings, problems);
        }
        Some(read)
    }
}

fn collect(prefix: &str, table: &DeTable<'_>, found: &mut Vec<Setting>, problems: &mut Problems) {
    for (key, item) in table {
        setting(prefix, key, item, found, problems);
    }
}

fn setting(
    prefix: &str,
    key: &Spanned<Cow<'_, str>>,
    item: &Spanned<DeValue<'_>>,
    found: &mut Vec<Setting>,
    problems: &mut Problems,
) {
    let name = format!("{prefix}{}", key.get_ref());
    let value = match item.get_ref() {
        DeValue::Table(table) => return collect(&format!("{name}."), table, found, problems),
        DeValue::Boolean(value) => SettingValue::Boolean(*value),
        DeValue::String(value) => SettingValue::Text(value.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(value) => SettingValue::Integer(value),
            Err(_) => {
                let message = format!("{} is too large", quoted(number.as_str()));
                problems.report(Code::InvalidSetting, item.span().into(), message);
                return;
            }
        },
        _ => {
            let expected = "a whole number, `true`, `false` or a text";
            wrong_type(item, expected, problems);
            return;
        }
    };
    let span = Span::from(item.span());
    let name = At {
        value: name,
        span: key.span().into(),
    };
    let value = At { value, span };
    found.push(Setting { name, value });
}

fn report_repeated(settings: &[Setting], problems: &mut Problems) {
    let mut seen = BTreeMap::new();
    for setting in settings {
        let name = &setting.name;
        if let Some(first) = seen.insert(name.value.as_str(), name.span) {
            let message = format!("{} is set twice", quoted(&name.value));
            problems
                .report(Code::ConflictingKeys, name.span, message)
                .also(first, "the first");
        }
    }
}

impl JsonSchema for Settings {
    fn schema_name() -> Cow<'static, str> {
        "Settings".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut properties = Map::new();
        for os in Os::ALL {
            let description = format!("Settings of {}.", os.name());
            let mut schema = of_family(*os);
            schema["description"] = description.into();
            properties.insert(os.name().into(), schema);
        }
        for os in Os::ALL {
            if let Value::Object(names) = of_family(*os)["properties"].take() {
                for (name, schema) in names {
                    properties.entry(name).or_insert(schema);
                }
            }
        }
        json_schema!({
            "type": "object",
            "properties": properties,
            "additionalProperties": { "type": "object", "additionalProperties": true },
        })
    }
}

fn of_family(os: Os) -> Value {
    let mut properties = Map::new();
    for setting in settings::all(os) {
        let unit = match setting.unit {
            "" => String::new(),
            unit => format!(" In {unit}."),
        };
        let schema = json!({
            "description": format!("{}{unit}", setting.doc),
            "type": ["integer", "boolean", "string"],
        });
        properties.insert(setting.name.into(), schema);
    }
    // Names with dots may be written as tables in tables.
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": { "type": "object", "additionalProperties": true },
    })
}
