//! The keys of scenario files, from the schema that editors use.

use super::{Table, code};
use crate::scenario::schema;
use serde_json::{Map, Value};

/// Every table of a scenario file with its keys, what they take, and what they mean.
pub fn scenario_keys() -> String {
    let schema = schema();
    let mut pages = vec![Page {
        name: "",
        paths: vec![String::new()],
        table: &schema,
    }];
    let mut next = 0;
    while let Some(page) = pages.get(next) {
        next += 1;
        let (path, table) = (page.paths[0].clone(), page.table);
        for (key, value) in keys(table) {
            let Some(name) = reference(value) else {
                continue;
            };
            let path = below(&path, key, value);
            match pages.iter_mut().find(|page| page.name == name) {
                Some(page) => page.paths.push(path),
                None => pages.push(Page {
                    name,
                    paths: vec![path],
                    table: &schema["$defs"][name],
                }),
            }
        }
    }
    let sections: Vec<String> = pages.iter().map(section).collect();
    sections.join("\n")
}

/// A table that is to be described.
struct Page<'a> {
    /// What the schema calls it.
    name: &'a str,
    /// Where it stands: `host.NAME.steps[]`; empty for the file itself.
    paths: Vec<String>,
    table: &'a Value,
}

fn section(page: &Page<'_>) -> String {
    let (whole, table) = (page.name.is_empty(), page.table);
    let heading = if whole {
        "### The file".to_owned()
    } else {
        let paths: Vec<String> = page.paths.iter().map(|path| code(path)).collect();
        format!("### {}", paths.join(", "))
    };
    let about = match table["description"].as_str() {
        Some(about) if !whole => format!("{about}\n\n"),
        _ => String::new(),
    };
    let required: Vec<&str> = table["required"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mut rows = Table::new(&["key", "takes", "meaning"]);
    for (key, value) in keys(table) {
        let takes = takes(value);
        let takes = if required.contains(&key.as_str()) {
            format!("{takes}; required")
        } else {
            takes
        };
        let meaning = value["description"].as_str().unwrap_or_default();
        rows.row(&[&code(key), takes.as_str(), meaning]);
    }
    if is_settings(table) {
        let names = "a setting by its own name";
        rows.row(&[
            names,
            "a number, text or switch",
            "For the host's own system.",
        ]);
    }
    format!("{heading}\n\n{about}{}", rows.0)
}

/// The keys of a table; of settings only those that are not settings themselves, which have tables of their own.
fn keys(table: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let keys: Option<&Map<String, Value>> = table["properties"].as_object();
    let settings = is_settings(table);
    keys.into_iter()
        .flatten()
        .filter(move |(_, value)| !settings || !value["type"].is_array())
}

fn is_settings(table: &Value) -> bool {
    let keys = table["properties"].as_object();
    keys.is_some_and(|keys| keys.values().any(|value| value["type"].is_array()))
}

/// The table that a key leads to, on whatever way.
fn reference(value: &Value) -> Option<&str> {
    let direct = value["$ref"].as_str();
    let direct = direct.and_then(|path| path.strip_prefix("#/$defs/"));
    let any = || value["anyOf"].as_array()?.iter().find_map(reference);
    let inner = || {
        ["items", "additionalProperties"]
            .iter()
            .find_map(|key| value.get(key).and_then(reference))
    };
    direct.or_else(any).or_else(inner)
}

fn below(path: &str, key: &str, value: &Value) -> String {
    let path = match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    if value["items"].is_object() {
        format!("{path}[]")
    } else if value["additionalProperties"].is_object() {
        format!("{path}.NAME")
    } else {
        path
    }
}

/// What a key takes, in words.
fn takes(value: &Value) -> String {
    if value["$ref"].is_string() {
        return "a table".to_owned();
    }
    if let Some(any) = value["anyOf"].as_array() {
        let any: Vec<String> = any.iter().map(takes).collect();
        return any.join(", or ");
    }
    if !value["const"].is_null() {
        return code(&value["const"].to_string());
    }
    if let Some(names) = value["enum"].as_array() {
        return names_of(names);
    }
    match value["type"].as_str() {
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("integer") => format!("a whole number{}", bounds(value)),
        Some("number") => format!("a number{}", bounds(value)),
        Some("string") => text(value),
        Some("array") => list(value),
        Some("object") => match value["additionalProperties"] {
            Value::Object(_) => {
                format!("for each name {}", takes(&value["additionalProperties"]))
            }
            _ => "a table".to_owned(),
        },
        _ => "a number, text or switch".to_owned(),
    }
}

fn names_of(names: &[Value]) -> String {
    let shown: Vec<String> = names.iter().map(|name| code(&name.to_string())).collect();
    match shown.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first, ..] if shown.len() > NAMES_MAX => {
            format!("one of {} names, such as {first}", shown.len())
        }
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}

fn bounds(value: &Value) -> String {
    let least = value["minimum"].to_string();
    match value["maximum"].as_i64() {
        None | Some(i64::MAX) if value["maximum"].is_null() || value["maximum"].is_i64() => {
            format!(" from {least}")
        }
        _ => format!(" from {least} to {}", value["maximum"]),
    }
}

fn text(value: &Value) -> String {
    if let Some(example) = value["examples"].as_array().and_then(|list| list.first()) {
        return format!("a text such as `{example}`");
    }
    match value["pattern"].as_str() {
        Some("\\.toml$") => "the path of a profile file".to_owned(),
        Some("^[^:]+:[0-9]+$") => "a host and port".to_owned(),
        Some(pattern) if pattern.starts_with("^[A-Za-z0-9._-]") => "a name".to_owned(),
        _ => "a text".to_owned(),
    }
}

fn list(value: &Value) -> String {
    let items = &value["items"];
    if value["maxItems"] == 2 && value["minItems"] == 2 {
        return "two hosts".to_owned();
    }
    if items["$ref"].is_string() {
        return "a list of tables".to_owned();
    }
    format!("a list, of each {}", takes(items))
}

/// More names are not listed.
const NAMES_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    /// Every definition of the schema is described once.
    #[test]
    fn no_table_is_left_out() {
        let text = scenario_keys();
        let headings = text.lines().filter(|line| line.starts_with("### "));
        let schema = schema();
        let tables = schema["$defs"].as_object().expect("it has definitions");
        assert_eq!(headings.count(), tables.len() + 1, "{text}");
        assert!(text.contains("### `host.NAME.steps[].expect`"), "{text}");
        assert!(text.contains("| `title` | a text; required |"), "{text}");
    }
}
