//! Where a step stands in its runbook: phase / loop or parallel key / name / n-th of that name.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The identity of a step inside a run.
///
/// In text, segments are joined by `/`; `/`, `%`, `#`, `~` and control characters inside a name are percent-encoded;
/// the second and later steps of one name carry `#2`, `#3`, …. What happens during rollback stands below the segment
/// `~rollback`, so that a forward step and its rollback never share a path.
///
/// A copy costs next to nothing and takes no memory: the state of a run has each of its paths in four or five places.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct StepPath(Arc<[Segment]>);

/// One part of a [`StepPath`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Segment {
    Named {
        name: String,
        nth: u32,
    },
    /// Everything below happens while rolling back the step that the following segments name.
    Rollback,
    /// The n-th change of a rollback that consists of several, counted from 1.
    Part(u32),
}

impl StepPath {
    /// The path of the runbook itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The n-th child of that name; `nth` counts from 1.
    #[must_use]
    pub fn child(&self, name: &str, nth: u32) -> Self {
        self.with(Segment::Named { name: name.to_owned(), nth })
    }

    /// The path below which the rollback of this step happens.
    #[must_use]
    pub fn rollback(&self) -> Self {
        Self([Segment::Rollback].into_iter().chain(self.0.iter().cloned()).collect())
    }

    /// The n-th change of this rollback, counted from 1.
    #[must_use]
    pub fn part(&self, nth: u32) -> Self {
        self.with(Segment::Part(nth))
    }

    /// Whether this is one change of a rollback, which the journal has, and no step that stands in the source.
    #[must_use]
    pub fn is_part(&self) -> bool {
        matches!(self.0.last(), Some(Segment::Part(_)))
    }

    /// Whether this happens during rollback.
    #[must_use]
    pub fn is_rollback(&self) -> bool {
        self.0.first() == Some(&Segment::Rollback)
    }

    /// The last name, without its number: what a person calls the step.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0
            .iter()
            .rev()
            .find_map(|segment| match segment {
                Segment::Named { name, .. } => Some(name.as_str()),
                Segment::Rollback | Segment::Part(_) => None,
            })
            .unwrap_or_default()
    }

    /// The path as people read it: names as they were written. It cannot be read back; what is to be typed is the [`fmt::Display`].
    #[must_use]
    pub fn told(&self) -> String {
        let part = |segment: &Segment| match segment {
            Segment::Named { name, nth: 1 } => name.clone(),
            Segment::Named { name, nth } => format!("{name}#{nth}"),
            Segment::Rollback => "~rollback".to_owned(),
            Segment::Part(nth) => format!("~{nth}"),
        };
        self.0.iter().map(part).collect::<Vec<_>>().join("/")
    }

    /// How many phases, keys and rollbacks enclose the step.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    /// Whether `self` is `other` or stands below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The path that encloses this one; the root encloses itself.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self(self.0[..self.0.len().saturating_sub(1)].into())
    }

    /// Every path that encloses this one, the outermost first; not the path itself.
    pub fn ancestors(&self) -> impl DoubleEndedIterator<Item = Self> + '_ {
        (0..self.0.len()).map(|length| Self(self.0[..length].into()))
    }

    /// The innermost path that both are within.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> Self {
        let same = self.0.iter().zip(other.0.iter()).take_while(|(mine, theirs)| mine == theirs).count();
        Self(self.0[..same].into())
    }

    /// The path of the step that this rolls back, or belongs to the rollback of; else the path itself.
    #[must_use]
    pub fn forward(&self) -> Self {
        if self.is_rollback() { Self(self.0[1..].into()) } else { self.clone() }
    }

    /// Whether this is the path of the runbook itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    fn with(&self, segment: Segment) -> Self {
        Self(self.0.iter().cloned().chain([segment]).collect())
    }
}

impl fmt::Display for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("/")?;
            }
            match segment {
                Segment::Named { name, nth } => {
                    for c in name.chars() {
                        if matches!(c, '/' | '%' | '#' | '~') || c.is_control() {
                            let mut utf8 = [0; 4];
                            c.encode_utf8(&mut utf8).bytes().try_for_each(|byte| write!(f, "%{byte:02X}"))?;
                        } else {
                            fmt::Write::write_char(f, c)?;
                        }
                    }
                    if *nth > 1 {
                        write!(f, "#{nth}")?;
                    }
                }
                Segment::Rollback => f.write_str("~rollback")?,
                Segment::Part(nth) => write!(f, "~{nth}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

/// The text is not a step path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the path of a step")]
pub struct NotAPath(String);

impl FromStr for StepPath {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotAPath(text.chars().take(120).collect());
        if text.is_empty() {
            return Ok(Self::root());
        }
        let mut segments = Vec::new();
        for (at, part) in text.split('/').enumerate() {
            segments.push(match part.strip_prefix('~') {
                Some("rollback") if at == 0 => Segment::Rollback,
                Some(nth) => Segment::Part(counted(nth, 1).ok_or_else(refuse)?),
                None => {
                    let (name, nth) = match part.split_once('#') {
                        Some((name, nth)) => (name, counted(nth, 2).ok_or_else(refuse)?),
                        None => (part, 1),
                    };
                    Segment::Named { name: percent_decoded(name).ok_or_else(refuse)?, nth }
                }
            });
        }
        Ok(Self(segments.into()))
    }
}

/// A number without sign or leading zero, from `least` on: each path has one text only.
fn counted(text: &str, least: u32) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number >= least && number.to_string() == text).then_some(number)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let hex = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

impl Serialize for StepPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StepPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_like_a_path() {
        let step = StepPath::root().child("Switch", 1).child("point `current` at the target", 2);
        assert_eq!(step.to_string(), "Switch/point `current` at the target#2");
        assert_eq!(step.rollback().part(1).to_string(), "~rollback/Switch/point `current` at the target#2/~1");
        assert_eq!(step.rollback().part(1).name(), "point `current` at the target");
        assert!(step.rollback().is_rollback() && !step.is_rollback());
    }

    #[test]
    fn what_encloses_what() {
        let parallel = StepPath::root().child("phase", 1).child("restart", 1);
        let (a, b) = (parallel.child("web-1", 1).child("stop", 1), parallel.child("web-2", 1));
        assert_eq!(a.shared_with(&b), parallel);
        assert_eq!(b.parent(), parallel);
        assert_eq!(StepPath::root().parent(), StepPath::root());
        assert_eq!(
            a.ancestors().map(|path| path.to_string()).collect::<Vec<_>>(),
            ["", "phase", "phase/restart", "phase/restart/web-1"]
        );
        assert_eq!(a.rollback().part(1).forward(), a.part(1));
    }

    proptest! {
        #[test]
        fn every_path_is_read_back_from_its_text(names in prop::collection::vec((".{1,12}", 1u32..20), 1..5), part in 0u32..3) {
            let mut path = names.iter().fold(StepPath::root(), |path, (name, nth)| path.child(name, *nth));
            if part > 0 {
                path = path.rollback().part(part);
            }
            let text = path.to_string();
            prop_assert!(!text.contains(char::is_control));
            prop_assert_eq!(text.parse(), Ok(path));
        }

        #[test]
        fn odd_text_never_panics(text in ".{0,60}") {
            if let Ok(path) = text.parse::<StepPath>() {
                prop_assert_eq!(path.to_string().parse(), Ok(path));
            }
        }
    }
}
