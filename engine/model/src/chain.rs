//! The links between the records of a journal.
//!
//! A journal line is one JSON object. Its first field is `prev`, the digest of the record before it; its last field is
//! `digest`, the SHA-256 of the line up to (not including) `,"digest":"…"}`. So every line is checked by itself, and an
//! edited, removed or moved record breaks the line behind it. With plain tools:
//!
//! ```sh
//! while IFS= read -r line; do printf '%s' "${line%,\"digest\":*}" | sha256sum; done < journal.jsonl
//! ```
//!
//! The chain proves tampering only against a digest that somebody remembers: the audit trail in git, and its anchor.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::entry::{Record, VERSION};
use crate::id::{RunId, Seq};
use crate::line::Line;

const SUFFIX: usize = r#","digest":""}"#.len() + 64;

#[derive(Serialize)]
struct LineRef<'a> {
    prev: Digest,
    #[serde(flatten)]
    record: &'a Record,
}

/// The end of a chain: what the next record must link to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The place of the next record.
    pub next: Seq,
    /// The digest of the last record.
    pub digest: Digest,
}

impl Head {
    /// The end of an empty journal.
    pub const EMPTY: Self = Self { next: Seq(0), digest: Digest::ZERO };
}

/// Why a line is not the next record of its journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The digest at the end of the line is missing or does not fit what stands before it.
    #[error("its digest does not fit its content: it was damaged or edited")]
    Digest,
    /// The line names another predecessor.
    #[error("it does not follow the record before it: a record was removed, added or edited")]
    Link,
    /// The line has another number.
    #[error("it has number {found}, {wanted} was to come")]
    Number {
        /// The number that it has.
        found: Seq,
        /// The number that was to come.
        wanted: Seq,
    },
    /// The line belongs to another run.
    #[error("it belongs to the run {found}")]
    Run {
        /// That run.
        found: RunId,
    },
    /// The shape is of a version that this engine does not know.
    #[error("it is of format version {0}; this engine knows version {VERSION}")]
    Version(u64),
    /// The digest fits, but the content is not a record.
    #[error("it is not a record: {0}")]
    Shape(String),
}

/// Writes the line of a record, without line break, and says where the chain ends then.
///
/// # Panics
/// Never for records of this crate: their maps have text keys and their numbers are finite.
#[must_use]
pub fn encode(head: Head, record: &Record) -> (Vec<u8>, Head) {
    // Most are shorter than that: growing from nothing would copy each of them three times.
    let mut line = Vec::with_capacity(1024);
    let head = write(head, record, &mut line);
    (line, head)
}

/// Writes the line of a record, without line break, behind what is there, and says where the chain ends then.
///
/// # Panics
/// As [`encode`].
pub fn write(head: Head, record: &Record, lines: &mut Vec<u8>) -> Head {
    let begin = lines.len();
    serde_json::to_writer(&mut *lines, &LineRef { prev: head.digest, record })
        .expect("records have text keys and finite numbers");
    lines.pop(); // the closing brace
    let digest = Digest::of(&lines[begin..]);
    lines.extend_from_slice(br#","digest":""#);
    lines.extend_from_slice(&digest.hex());
    lines.extend_from_slice(br#""}"#);
    Head { next: record.seq.next(), digest }
}

/// Reads the line of the next record, and says where the chain ends then.
///
/// # Errors
/// [`Broken`] says what does not fit. Nothing is guessed and nothing is skipped.
pub fn decode(head: Head, run: Option<RunId>, line: &[u8]) -> Result<(Record, Head), Broken> {
    let content = line.len().checked_sub(SUFFIX).map(|end| &line[..end]).ok_or(Broken::Digest)?;
    let digest = Digest::of(content);
    let said = line[content.len()..].strip_prefix(br#","digest":""#).and_then(|rest| rest.strip_suffix(br#""}"#));
    if said != Some(&digest.hex()[..]) {
        return Err(Broken::Digest);
    }
    let Line { prev, record } = Line::read(line).map_err(|error| match version(line) {
        Some(other) if other != u64::from(VERSION) => Broken::Version(other),
        _ => Broken::Shape(error.to_string()),
    })?;
    if record.v != VERSION {
        return Err(Broken::Version(u64::from(record.v)));
    }
    if record.seq != head.next {
        return Err(Broken::Number { found: record.seq, wanted: head.next });
    }
    if prev != head.digest {
        return Err(Broken::Link);
    }
    if run.is_some_and(|run| run != record.run) {
        return Err(Broken::Run { found: record.run });
    }
    let next = record.seq.next();
    Ok((record, Head { next, digest }))
}

/// Reads a line by itself: its digest fits its content, and it is of this run. Where it stands is not looked at.
///
/// # Errors
/// [`Broken`] says what does not fit.
pub fn alone(run: RunId, line: &[u8]) -> Result<Record, Broken> {
    let Line { prev, record } = Line::read(line).map_err(|error| Broken::Shape(error.to_string()))?;
    decode(Head { next: record.seq, digest: prev }, Some(run), line).map(|(record, _)| record)
}

fn version(line: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Version {
        v: u64,
    }
    serde_json::from_slice::<Version>(line).ok().map(|version| version.v)
}
