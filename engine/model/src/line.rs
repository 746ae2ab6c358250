//! Reads one journal line.
//!
//! A record flattens its entry into itself, and the entry is told by a field of its own. What is derived for such a shape
//! keeps every field in memory before it knows what it is. A journal of many thousand steps consists of intents and ends, and
//! many short ones of how they begin and end as well; [`encode`](crate::chain::encode) writes their fields in one order, and in
//! that order they are read as they come. Any other line, and any other order, is read the derived way: this is a short cut, and
//! no opinion of its own. Only of a field that nobody knows, and that no version wrote, it looks at less: it is passed over.

use std::fmt;

use jiff::Timestamp;
use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::digest::Digest;
use crate::entry::{End, Entry, Intent, Record, RunStarted, Session};
use crate::id::{Epoch, RunId, Seq};
use crate::status::RunStatus;

/// A record with its link to the one before.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) prev: Digest,
    pub(crate) record: Record,
}

impl Line {
    /// Reads a line.
    pub(crate) fn read(line: &[u8]) -> Result<Self, serde_json::Error> {
        match serde_json::from_slice::<Usual>(line) {
            Ok(Usual(line)) => Ok(line),
            Err(_) => serde_json::from_slice::<Derived>(line).map(|Derived { prev, record }| Self { prev, record }),
        }
    }
}

/// Any line.
#[derive(Deserialize)]
struct Derived {
    prev: Digest,
    #[serde(flatten)]
    record: Record,
}

/// A record of one of the usual kinds, its fields in the order in which they are written.
struct Usual(Line);

impl<'de> Deserialize<'de> for Usual {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder).map(Self)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Line;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record in the usual order")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line, A::Error> {
        let prev: Digest = field(&mut map, "prev")?;
        let v: u32 = field(&mut map, "v")?;
        let run: RunId = field(&mut map, "run")?;
        let seq: Seq = field(&mut map, "seq")?;
        let epoch: Epoch = field(&mut map, "epoch")?;
        let at: Timestamp = field(&mut map, "at")?;
        let kind: &str = field(&mut map, "type")?;
        let rest = MapAccessDeserializer::new(Once(map));
        let entry = match kind {
            "step_intended" => Entry::StepIntended(Box::new(Intent::deserialize(rest)?)),
            "step_ended" => Entry::StepEnded(Box::new(End::deserialize(rest)?)),
            "run_started" => Entry::RunStarted(Box::new(RunStarted::deserialize(rest)?)),
            "session_started" => Entry::SessionStarted(Session::deserialize(rest)?),
            "session_ended" => Entry::SessionEnded { status: RunStatus::deserialize(rest)? },
            _ => return Err(A::Error::custom("another kind of record")),
        };
        Ok(Line { prev, record: Record { v, run, seq, epoch, at, entry } })
    }
}

/// The fields behind those of every record. One of these that comes again is no line in the usual order: what is derived
/// refuses it, so that no two readers see different records in one line.
struct Once<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Once<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.0.next_key::<&str>()? {
            None => Ok(None),
            Some("prev" | "v" | "run" | "seq" | "epoch" | "at" | "type") => Err(A::Error::custom("a field comes twice")),
            Some(key) => seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

/// The next field, which must be this one.
fn field<'de, A: MapAccess<'de>, T: Deserialize<'de>>(map: &mut A, name: &str) -> Result<T, A::Error> {
    match map.next_key::<&str>()? {
        Some(key) if key == name => map.next_value(),
        _ => Err(A::Error::custom("another order")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Every record of the journals of every format, whichever way it is read.
    #[test]
    fn the_short_cut_leads_to_the_same_place() {
        let (mut short, mut all) = (HashMap::<_, usize>::new(), 0_usize);
        let journals = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/compat/v1")).unwrap();
        for journal in journals.map(|entry| entry.unwrap().path()) {
            if journal.extension().is_none_or(|extension| extension != "jsonl") {
                continue;
            }
            // The last line of one that died has no end.
            for line in std::fs::read_to_string(journal).unwrap().split_inclusive('\n').filter(|line| line.ends_with('\n')) {
                let Derived { prev, record } = serde_json::from_str(line).unwrap();
                let derived = Line { prev, record };
                if let Ok(Usual(usual)) = serde_json::from_str(line) {
                    assert_eq!(usual, derived);
                    *short.entry(std::mem::discriminant(&usual.record.entry)).or_default() += 1;
                }
                assert_eq!(Line::read(line.as_bytes()).unwrap(), derived);
                all += 1;
            }
        }
        let counts: Vec<_> = short.into_values().collect();
        assert!(counts.len() == 5 && counts.iter().all(|&count| count > 10), "{counts:?} by the short cut");
        assert!(all > counts.iter().sum::<usize>(), "{counts:?} of {all}");
    }

    #[test]
    fn a_field_that_comes_twice_is_refused_as_ever() {
        let line = |more: &str| {
            format!(
                r#"{{"prev":"{}","v":1,"run":"01J0000000000000000000000A","seq":3,"epoch":1,"at":"2026-11-21T03:00:00Z","type":"step_ended","path":"a","attempt":1,"outcome":"unknown"{more}}}"#,
                Digest::ZERO
            )
        };
        let read = |text: &str| Line::read(text.as_bytes()).map_err(|error| error.to_string());
        for more in ["", r#","seq":4"#, r#","type":"noted""#, r#","v":1"#] {
            let derived = serde_json::from_str::<Derived>(&line(more)).map(|Derived { prev, record }| Line { prev, record });
            assert_eq!(read(&line(more)), derived.map_err(|error| error.to_string()), "{more}");
        }
        assert!(read(&line(r#","seq":4"#)).unwrap_err().contains("duplicate"));
    }

    #[test]
    fn another_order_is_read_as_well() {
        let line = r#"{"type":"noted","text":"x","loc":{"file":"a","line":1,"column":1},"v":1,"run":"01J0000000000000000000000A",
            "seq":3,"epoch":1,"at":"2026-11-21T03:00:00Z","prev":"0000000000000000000000000000000000000000000000000000000000000000"}"#;
        assert!(serde_json::from_str::<Usual>(line).is_err());
        assert!(Line::read(line.as_bytes()).is_ok());
    }
}
