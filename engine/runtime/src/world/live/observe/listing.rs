//! `fs::list`.

use std::fs;
use std::path::Path;

use runbook_model::observation::Seen;

use crate::world::live::io_words::plain;

/// The most names that a check gets.
const MOST: usize = 100_000;

pub(super) fn list(path: &Path) -> Result<Seen, String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| plain(&error))? {
        let name = entry.map_err(|error| plain(&error))?.file_name();
        let name = name.into_string().map_err(|name| format!("it holds a name that is not UTF-8: {name:?}"))?;
        if names.len() == MOST {
            return Err(format!("it holds more than {MOST} names"));
        }
        names.push(name);
    }
    names.sort();
    Ok(Seen::Value(names.into()))
}
