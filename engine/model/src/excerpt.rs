//! Bytes that may be anything and any number, kept so that JSON and people can bear them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// The most of one output stream that a journal record keeps, in bytes; a script sees no more than that either.
pub const KEPT: usize = 64 * 1024;

/// Any bytes: text in JSON when they are UTF-8, else an object with hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// The bytes as text, if they are UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum BytesWire<'a> {
    Text(std::borrow::Cow<'a, str>),
    Hex { hex: String },
}

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_str() {
            Some(text) => serializer.serialize_str(text),
            None => BytesWire::Hex { hex: self.0.iter().map(|byte| format!("{byte:02x}")).collect() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match BytesWire::deserialize(deserializer)? {
            BytesWire::Text(text) => Ok(Self(text.into_owned().into_bytes())),
            BytesWire::Hex { hex } => {
                let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
                let bytes = if hex.len().is_multiple_of(2) { hex.as_bytes().chunks_exact(2).map(byte).collect() } else { None };
                bytes
                    .map(Self)
                    .ok_or_else(|| serde::de::Error::custom("`hex` holds something else than pairs of hexadecimal digits"))
            }
        }
    }
}

/// One output stream of a command: whole when it is short, else its head and tail; always with its size and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// How many bytes the stream had.
    pub size: u64,
    /// SHA-256 of all of them.
    pub digest: Digest,
    /// The whole stream, or its first bytes when `tail` is present.
    pub head: Bytes,
    /// The last bytes, when the stream was longer than [`KEPT`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<Bytes>,
}

impl Default for Excerpt {
    fn default() -> Self {
        Self { size: 0, digest: Digest::of(b""), head: Bytes::default(), tail: None }
    }
}

impl Excerpt {
    /// Keeps all of `bytes`, or head and tail when they are more than [`KEPT`].
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let (head, tail) = if bytes.len() <= KEPT {
            (bytes, None)
        } else {
            (&bytes[..KEPT / 2], Some(Bytes(bytes[bytes.len() - KEPT / 2..].to_vec())))
        };
        Self { size: bytes.len() as u64, digest: Digest::of(bytes), head: Bytes(head.to_vec()), tail }
    }

    /// How many bytes between head and tail are not kept here.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.tail.as_ref().map_or(0, |tail| self.size.saturating_sub((self.head.0.len() + tail.0.len()) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_output_keeps_both_ends_and_says_what_is_missing() {
        let bytes: Vec<u8> = (0..=255).cycle().take(KEPT + 10).collect();
        let excerpt = Excerpt::of(&bytes);
        assert_eq!((excerpt.size, excerpt.dropped()), (KEPT as u64 + 10, 10));
        assert_eq!(excerpt.tail.expect("cut").0, bytes[bytes.len() - KEPT / 2..]);
    }

    proptest! {
        #[test]
        fn any_bytes_survive_json(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let json = serde_json::to_string(&Bytes(bytes.clone())).expect("bytes are JSON");
            prop_assert!(!json.contains('\n'));
            prop_assert_eq!(serde_json::from_str::<Bytes>(&json).expect("own JSON"), Bytes(bytes));
        }
    }
}
