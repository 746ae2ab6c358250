//! Bytes as text: Prometheus takes UTF-8, a byte order mark and UTF-16, and refuses the rest.

use super::{Place, Unread};

/// The text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Without a byte order mark.
    pub text: String,
    /// So many bytes stood before it.
    pub mark: usize,
    /// Whether the bytes are those of the text: not so in UTF-16.
    pub same_bytes: bool,
}

/// Reads bytes as text.
///
/// # Errors
/// They are neither UTF-8 nor UTF-16 with its mark; says where.
pub fn decode(bytes: &[u8]) -> Result<Text, Unread> {
    for (mark, unit) in [([0xff, 0xfe], u16::from_le_bytes as fn([u8; 2]) -> u16), ([0xfe, 0xff], u16::from_be_bytes)] {
        if let Some(rest) = bytes.strip_prefix(&mark) {
            let units = rest.chunks(2).map(|pair| unit([pair[0], pair.get(1).copied().unwrap_or(0)]));
            let text = char::decode_utf16(units).collect::<Result<String, _>>();
            let text = text.map_err(|_| Unread::new(Place { byte: 0, line: 1, column: 1 }, "it is broken UTF-16"))?;
            return Ok(Text { text, mark: 2, same_bytes: false });
        }
    }
    let (mark, rest) = bytes.strip_prefix(b"\xef\xbb\xbf").map_or((0, bytes), |rest| (3, rest));
    match std::str::from_utf8(rest) {
        Ok(text) => Ok(Text { text: text.to_owned(), mark, same_bytes: true }),
        Err(error) => {
            let good = &rest[..error.valid_up_to()];
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            let column = good.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
            Err(Unread::new(Place { byte: good.len(), line, column }, "it is not UTF-8"))
        }
    }
}
