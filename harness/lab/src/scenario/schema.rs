//! The JSON schema of scenario files, for editors.

use super::file::ScenarioTable;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The JSON schema (draft 2020-12) of scenario files. It comes from the definitions that the reader uses, so both
/// know the same keys. Editors find it through a first line such as `#:schema ../schema.json`.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<ScenarioTable>();
    schema.insert("title".into(), "halfopen scenario".into());
    schema.to_value()
}
