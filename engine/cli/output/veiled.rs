//! Writing without secrets.

use std::io::{self, Write};

use runbook_runtime::secret::known;

/// Puts marks in the place of secrets in whatever is written, one write at a time.
///
/// What commands print is veiled by their keeper, as a stream, and facts are veiled before they are written down. This is for
/// everything else that comes to be shown: a line of a script, the message of an error, an event of the log. Each is written at
/// once, so none is cut in half.
#[derive(Debug)]
pub struct Veiled<W>(pub W);

impl<W: Write> Write for Veiled<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match known::patterns().veiled(bytes) {
            Some(veiled) => self.0.write_all(&veiled)?,
            None => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_has_no_secret_in_it() {
        known::add("‹secret veiled/x›".to_owned(), "veiled-writer-value");
        let mut out = Veiled(Vec::new());
        out.write_all(b"the value is dmVpbGVkLXdyaXRlci12YWx1ZQ== or veiled-writer-value\n\xff").unwrap();
        assert_eq!(out.0, [b"the value is ".as_slice(), "‹secret veiled/x› or ‹secret veiled/x›\n".as_bytes(), b"\xff"].concat());
    }
}
