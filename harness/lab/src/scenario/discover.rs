//! Finding scenario files.

use super::diagnostic::{Code, Diagnostic, quoted_path};
use super::{Scenario, Source, load_as, syntax};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

/// A scenario file that was found.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Found {
    /// What the scenario is called: `connect/timed-out`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

impl Found {
    /// Reads the file.
    pub fn load(&self) -> Result<Scenario, Vec<Diagnostic>> {
        load_as(&self.name, &self.path)
    }
}

/// The scenario files that these paths mean, each once, in the order of the paths.
///
/// A folder means all `*.toml` files in it and in its folders, in sorted order; profile files (which have a `base`),
/// hidden files and links to folders are left out. Scenarios are called by their path below the folder, without
/// `.toml`. A file that is named itself is called by its path below the last folder called `scenarios` on the way to
/// it, else below the first of the named folders that it is in, else by its name alone.
pub fn discover<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Found>, Vec<Diagnostic>> {
    let folders: Vec<&Path> = paths
        .iter()
        .map(AsRef::as_ref)
        .filter(|path| path.is_dir())
        .collect();
    let mut found = Vec::new();
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths.iter().map(AsRef::as_ref) {
        let new = match fs::metadata(path) {
            Err(error) => Err(unreadable(path, &error)),
            Ok(metadata) if metadata.is_dir() => in_folder(path),
            Ok(_) => Ok(vec![Found {
                name: name_of_file(path, &folders),
                path: path.to_owned(),
            }]),
        };
        match new {
            Ok(new) => found.extend(new.into_iter().filter(|f| seen.insert(place(&f.path)))),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(found)
    } else {
        Err(problems)
    }
}

/// Where a file is, whatever way led to its folder.
fn place(path: &Path) -> PathBuf {
    let Some(name) = path.file_name() else {
        return path.to_owned();
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::canonicalize(folder).map_or_else(|_| path.to_owned(), |folder| folder.join(name))
}

/// What a file is called that was named itself.
pub(super) fn name_of_file(path: &Path, folders: &[&Path]) -> String {
    let components: Vec<Component<'_>> = path.components().collect();
    let file = components.len().saturating_sub(1);
    let scenarios = components[..file]
        .iter()
        .rposition(|component| component.as_os_str() == "scenarios");
    if let Some(position) = scenarios {
        return name_below(&components[position + 1..].iter().collect::<PathBuf>());
    }
    let enclosing = folders
        .iter()
        .find_map(|folder| path.strip_prefix(folder).ok());
    let alone = || path.file_name().map(Path::new);
    name_below(enclosing.or_else(alone).unwrap_or(path))
}

/// A path below a folder as a scenario's name.
fn name_below(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    let name = parts.join("/");
    name.strip_suffix(".toml").unwrap_or(&name).to_owned()
}

fn in_folder(folder: &Path) -> Result<Vec<Found>, Diagnostic> {
    let mut files = BTreeSet::new();
    walk(folder, 0, &mut files)?;
    let found: Vec<Found> = files
        .into_iter()
        .filter(|path| !Source::read(path).is_ok_and(|s| syntax::is_profile_file(&s.text)))
        .map(|path| Found {
            name: name_below(path.strip_prefix(folder).unwrap_or(&path)),
            path,
        })
        .collect();
    if found.is_empty() {
        let message = format!("no scenario in the folder {}", quoted_path(folder));
        let mut problem = Diagnostic::of_file(Code::NoScenario, message);
        problem.help("scenarios are files whose names end in `.toml`");
        return Err(problem);
    }
    Ok(found)
}

fn walk(folder: &Path, depth: usize, files: &mut BTreeSet<PathBuf>) -> Result<(), Diagnostic> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let kind = entry
            .file_type()
            .map_err(|error| unreadable(&entry.path(), &error))?;
        let name = entry.file_name();
        let path = entry.path();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            if depth == FOLDERS_DEEP {
                let message = format!(
                    "{} is too deep to look for scenarios in",
                    quoted_path(&path)
                );
                return Err(Diagnostic::of_file(Code::Unreadable, message));
            }
            walk(&path, depth + 1, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
            && !path.is_dir()
        {
            files.insert(path);
        }
        if files.len() > FILES_MAX {
            let message = format!("more than {FILES_MAX} scenarios in {}", quoted_path(folder));
            return Err(Diagnostic::of_file(Code::Unreadable, message));
        }
    }
    Ok(())
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let path = quoted_path(path);
    let message = match error.kind() {
        io::ErrorKind::NotFound => format!("no file or folder {path}"),
        _ => format!("cannot read {path}: {error}"),
    };
    Diagnostic::of_file(Code::Unreadable, message)
}

/// Folders within folders, so that a loop of mounts ends.
const FOLDERS_DEEP: usize = 64;
/// Scenarios of one folder.
const FILES_MAX: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn named(path: &str, folders: &[&str], name: &str) {
        let folders: Vec<&Path> = folders.iter().map(Path::new).collect();
        assert_eq!(name_of_file(Path::new(path), &folders), name);
    }

    #[test]
    fn names_of_files() {
        named("scenarios/connect/timed-out.toml", &[], "connect/timed-out");
        named("/a/scenarios/b/scenarios/c/d.toml", &[], "c/d");
        named("./scenarios/x.toml", &[], "x");
        named("cases/connect/x.toml", &["other", "cases"], "connect/x");
        named("cases/connect/x.toml", &[], "x");
        named("x", &[], "x");
        named("scenarios", &[], "scenarios");
        named("x.toml.toml", &[], "x.toml");
    }
}
