//! Rule files that were named, and those in directories.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use runbook_alerts::yaml::{LONGEST, Text, decode};

/// Directories are searched to this depth.
const DEEPEST: usize = 12;
/// The most files below one directory.
const MOST: usize = 20_000;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name, as it was given.
    pub name: String,
    /// Where it is; `None` for standard input.
    pub path: Option<PathBuf>,
    /// What it holds.
    pub text: Text,
    /// Whether somebody named it, and did not only name its directory.
    pub named: bool,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read `{name}`: {why}")]
pub struct Unreadable {
    /// Its name, as it was given.
    pub name: String,
    /// The line at which reading ended, from 1.
    pub line: usize,
    /// Why.
    pub why: String,
}

/// Reads what was named: files, directories, `-` for standard input. Each file is judged on its own: one that cannot be read
/// takes nothing away from the others.
#[must_use]
pub fn gather(cwd: &Path, given: &[PathBuf]) -> Vec<Result<Source, Unreadable>> {
    let mut sources = Vec::new();
    for path in given {
        let name = path.display().to_string();
        if name == "-" {
            sources.push(read(io::stdin().lock(), "<stdin>".to_owned(), None, true));
            continue;
        }
        let place = cwd.join(path);
        if !place.is_dir() {
            sources.push(open(&place, name, true));
            continue;
        }
        let mut files = Vec::new();
        search(&place, 0, &mut files);
        files.sort();
        sources.extend(files.into_iter().map(|file| {
            let below = file.strip_prefix(&place).unwrap_or(&file);
            let name = path.join(below).display().to_string();
            open(&file, name, false)
        }));
    }
    sources
}

fn search(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        // Links are not followed: a tree may link to itself.
        let Ok(kind) = entry.file_type() else { continue };
        if entry.file_name().as_encoded_bytes().starts_with(b".") || files.len() >= MOST {
            continue;
        }
        let path = entry.path();
        let is_rules = path.extension().and_then(|extension| extension.to_str());
        if kind.is_dir() && depth < DEEPEST {
            search(&path, depth + 1, files);
        } else if kind.is_file() && is_rules.is_some_and(|end| matches!(end, "yaml" | "yml" | "json" | "rules")) {
            files.push(path);
        }
    }
}

fn open(path: &Path, name: String, named: bool) -> Result<Source, Unreadable> {
    match fs::File::open(path) {
        Ok(file) => read(file, name, Some(path.to_owned()), named),
        Err(error) => Err(Unreadable { name, line: 1, why: error.to_string() }),
    }
}

fn read(from: impl io::Read, name: String, path: Option<PathBuf>, named: bool) -> Result<Source, Unreadable> {
    let mut bytes = Vec::new();
    // One byte more than may be, so that too long is told from just right; never more, whatever `/dev/zero` has.
    let longest = LONGEST as u64 + 1;
    if let Err(error) = from.take(longest).read_to_end(&mut bytes) {
        return Err(Unreadable { name, line: 1, why: error.to_string() });
    }
    if bytes.len() > LONGEST {
        return Err(Unreadable { name, line: 1, why: format!("it is longer than {} MiB", LONGEST >> 20) });
    }
    match decode(&bytes) {
        Ok(text) => Ok(Source { name, path, text, named }),
        Err(error) => {
            let (line, column) = (error.place.line, error.place.column);
            Err(Unreadable { name, line, why: format!("{error} (line {line}, column {column})") })
        }
    }
}
