//! `fs::stat`, `fs::exists` and `fs::read_link`.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use runbook_model::Value;
use runbook_model::observation::Seen;
use serde_json::json;

use crate::world::live::io_words::plain;

/// `kind`, `size` in bytes and `mode` (permission bits) of what a path leads to; links are followed, and one that leads
/// nowhere is itself what is there.
pub(super) fn stat(path: &Path) -> Result<Seen, String> {
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => fs::symlink_metadata(path),
        other => other,
    };
    let metadata = match found {
        Ok(metadata) => metadata,
        Err(error) => return absent(&error),
    };
    let kind = match metadata.file_type() {
        kind if kind.is_file() => "file",
        kind if kind.is_dir() => "directory",
        kind if kind.is_symlink() => "link",
        _ => "other",
    };
    Ok(Seen::Value(json!({ "kind": kind, "size": metadata.len(), "mode": metadata.mode() & 0o7777 })))
}

/// Where a link points, as it says itself.
pub(super) fn link(path: &Path) -> Result<Seen, String> {
    match fs::read_link(path) {
        Ok(target) => match target.to_str() {
            Some(target) => Ok(Seen::Value(target.into())),
            None => Err("the path that it points to is not UTF-8".to_owned()),
        },
        Err(error) if error.kind() == ErrorKind::InvalidInput => Err("it is not a symbolic link".to_owned()),
        Err(error) => absent(&error),
    }
}

fn absent(error: &io::Error) -> Result<Seen, String> {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Ok(Seen::Value(Value::Null)),
        _ => Err(plain(error)),
    }
}
