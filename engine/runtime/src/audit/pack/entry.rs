//! The few bytes before each object of a pack: what it is, and how long.

use git2::{ObjectType, Oid};

/// What an entry of a pack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audit) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
    /// A difference to the object with this id, which is in the same pack.
    DeltaOf(Oid),
}

impl Kind {
    /// What libgit2 calls it; whatever a difference is to, its own kind is not said here.
    pub(in crate::audit) fn object_type(self) -> ObjectType {
        match self {
            Self::Commit => ObjectType::Commit,
            Self::Tree => ObjectType::Tree,
            Self::Blob => ObjectType::Blob,
            Self::Tag => ObjectType::Tag,
            Self::DeltaOf(_) => ObjectType::Any,
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Commit => 1,
            Self::Tree => 2,
            Self::Blob => 3,
            Self::Tag => 4,
            Self::DeltaOf(_) => 7,
        }
    }
}

/// The header of an entry whose content has `size` bytes before it is compressed.
pub(super) fn header(kind: Kind, size: u64) -> Vec<u8> {
    let low = |bits: u64, of: u64| (of & bits) as u8;
    let mut bytes = vec![kind.number() << 4 | low(0x0f, size)];
    let mut rest = size >> 4;
    while rest > 0 {
        if let Some(last) = bytes.last_mut() {
            *last |= 0x80;
        }
        bytes.push(low(0x7f, rest));
        rest >>= 7;
    }
    if let Kind::DeltaOf(base) = kind {
        bytes.extend_from_slice(base.as_bytes());
    }
    bytes
}

/// What a header says, and how long it is itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Said,
    pub(super) size: u64,
    pub(super) length: usize,
}

/// What a header says that the entry is. git also names the base of a difference by how far before it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Kind(Kind),
    DeltaBack(u64),
}

/// Reads the header at the beginning of these bytes; `None` when there is none.
pub(super) fn read(bytes: &[u8]) -> Option<Header> {
    let first = *bytes.first()?;
    let (mut size, mut shift, mut at) = (u64::from(first & 0x0f), 4, 1);
    let mut more = first & 0x80 != 0;
    while more {
        let byte = *bytes.get(at)?;
        let bits = u64::from(byte & 0x7f);
        size |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
        (more, shift, at) = (byte & 0x80 != 0, shift + 7, at + 1);
    }
    let kind = match first >> 4 & 0x07 {
        1 => Said::Kind(Kind::Commit),
        2 => Said::Kind(Kind::Tree),
        3 => Said::Kind(Kind::Blob),
        4 => Said::Kind(Kind::Tag),
        6 => {
            let mut back = 0_u64;
            loop {
                let byte = *bytes.get(at)?;
                back = back.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
                at += 1;
                if byte & 0x80 == 0 {
                    break;
                }
                // Each further byte begins where the shorter forms end, so that there is one form for each number.
                back += 1;
            }
            Said::DeltaBack(back)
        }
        7 => {
            let base = Oid::from_bytes(bytes.get(at..at + 20)?).ok()?;
            at += 20;
            Said::Kind(Kind::DeltaOf(base))
        }
        _ => return None,
    };
    Some(Header { kind, size, length: at })
}
