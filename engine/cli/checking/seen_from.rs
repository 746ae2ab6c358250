//! Where a code host looks for a file.

use std::path::Path;

/// The name of a file as seen from the working directory, where a code host looks for it.
pub(super) fn seen_from(prefix: &Path, file: &str) -> String {
    if file.starts_with("std/") { file.to_owned() } else { prefix.join(file).display().to_string() }
}
