//! A file of JSON lines: read when the server starts, appended to while it works.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A file of lines that is appended to.
#[derive(Debug)]
pub(super) struct Lines {
    file: File,
    /// How long it is with whole lines only.
    whole: u64,
}

/// The lines of a file, none when it is not there. One that broke off was never acknowledged, and is left out.
///
/// # Errors
/// It cannot be read to its end: what is behind that must not be lost when it is written anew.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened?,
    };
    let mut lines = Vec::new();
    for line in BufReader::new(file).split(b'\n') {
        lines.extend(serde_json::from_slice(&line?).ok());
    }
    Ok(lines)
}

impl Lines {
    /// Writes a file anew, so that it does not grow for ever, in the place of the one that is there.
    ///
    /// # Errors
    /// The one that was there is there still.
    pub(super) fn anew<T: Serialize>(path: &Path, lines: &[T]) -> io::Result<Self> {
        let fresh = path.with_extension("new");
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&fresh)?;
        let mut anew = Self { file, whole: 0 };
        anew.append(lines)?;
        fs::rename(&fresh, path)?;
        // It stands there now, and whoever appended to the one before would write where nobody reads. After a power cut that one may
        // be back, with all that was in it.
        if let Err(error) = File::open(path.parent().unwrap_or(Path::new("."))).and_then(|dir| dir.sync_all()) {
            tracing::warn!(%error, "the directory of `{}` was not flushed", path.display());
        }
        Ok(anew)
    }

    /// Appends all of these lines, or none. Blocks until they are on disk.
    ///
    /// # Errors
    /// They are not on disk, and nothing of them is in the way of the next.
    pub(super) fn append<T: Serialize>(&mut self, lines: &[T]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        if self.file.metadata()?.len() > self.whole {
            // What an earlier failure left; glued to it, the next line would be lost.
            self.file.set_len(self.whole)?;
        }
        let written = self.file.write_all(&text).and_then(|()| self.file.sync_data());
        if written.is_err() {
            // What is left when this fails as well is cut off by the next.
            self.file.set_len(self.whole).ok();
        }
        written?;
        self.whole += text.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_is_in_nobodys_way() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lines.jsonl");
        assert_eq!(read::<String>(&path).unwrap(), [""; 0]);
        let mut lines = Lines::anew(&path, &["a"]).unwrap();
        // As a full disk leaves it.
        lines.file.write_all(b"\"bro").unwrap();
        assert_eq!(read::<String>(&path).unwrap(), ["a"]);
        lines.append(&["b", "c"]).unwrap();
        assert_eq!(read::<String>(&path).unwrap(), ["a", "b", "c"]);
        let mut lines = Lines::anew(&path, &["c"]).unwrap();
        lines.append(&["d"]).unwrap();
        assert_eq!(read::<String>(&path).unwrap(), ["c", "d"]);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_taken_for_an_empty_one() {
        let home = tempfile::tempdir().unwrap();
        assert!(read::<String>(home.path()).is_err());
    }
}
