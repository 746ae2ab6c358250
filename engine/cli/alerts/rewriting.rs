//! Writes a rule file again: as a whole or not at all, and only if nobody else has written it meanwhile.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::Source;

/// Why a file was not written. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// It came from standard input.
    #[error("standard input has no place to write to")]
    Nowhere,
    /// It is text of another kind.
    #[error("it is UTF-16: make it UTF-8 first")]
    Utf16,
    /// Somebody else wrote it.
    #[error("it was changed meanwhile: look at it once more")]
    Changed,
    /// The disk says no.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes a file with its mark and its permissions.
///
/// # Errors
/// It was not written, and is as it was.
pub fn rewrite(source: &Source, after: &str) -> Result<(), NotWritten> {
    let path = source.path.as_deref().ok_or(NotWritten::Nowhere)?;
    if !source.text.same_bytes {
        return Err(NotWritten::Utf16);
    }
    // Through links: the file is replaced, and not the link to it.
    let path = path.canonicalize()?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(&bytes(source, after))?;
    file.as_file().set_permissions(fs::metadata(&path)?.permissions())?;
    file.as_file().sync_all()?;
    if fs::read(&path)? != bytes(source, &source.text.text) {
        return Err(NotWritten::Changed);
    }
    file.persist(&path).map(drop).map_err(|error| error.error.into())
}

/// A text as the bytes of its file: with the mark that it had.
fn bytes(source: &Source, text: &str) -> Vec<u8> {
    let mark: &[u8] = if source.text.mark == 3 { b"\xef\xbb\xbf" } else { b"" };
    [mark, text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::gather;

    #[test]
    fn what_somebody_else_wrote_stays() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("r.yml");
        fs::write(&file, "\u{feff}groups: []\n").unwrap();
        let source = gather(place.path(), &["r.yml".into()]).remove(0).unwrap();
        rewrite(&source, "groups: [a]\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "\u{feff}groups: [a]\n");
        // It is not what was read any more.
        assert!(matches!(rewrite(&source, "groups: [b]\n"), Err(NotWritten::Changed)));
        assert_eq!(fs::read_to_string(&file).unwrap(), "\u{feff}groups: [a]\n");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "nothing is left behind");
    }
}
