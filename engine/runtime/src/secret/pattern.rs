//! Every form of every known secret, as one automaton.

use aho_corasick::{AhoCorasick, MatchKind};
use zeroize::Zeroize as _;

use super::forms::forms;
use super::hidden::Redacted;

/// What is looked for in outputs, and what stands in its place.
///
/// Where one form begins another, the longer one counts, or its end would be left to read.
#[derive(Default)]
pub struct Patterns {
    automaton: Option<AhoCorasick>,
    /// The forms in the order of their bytes.
    sorted: Vec<Vec<u8>>,
    /// What stands in the place of each form.
    marks: Vec<String>,
    /// The bytes with which a form begins.
    first: Vec<bool>,
    longest: usize,
}

impl std::fmt::Debug for Patterns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patterns").field("forms", &self.sorted.len()).finish_non_exhaustive()
    }
}

impl Drop for Patterns {
    fn drop(&mut self) {
        self.sorted.iter_mut().for_each(|form| form.zeroize());
    }
}

impl Patterns {
    /// The forms of these values. The automaton holds them once more, in memory that is not overwritten.
    #[must_use]
    pub fn of(secrets: &[Redacted]) -> Self {
        let mut all: Vec<(Vec<u8>, &str)> = Vec::new();
        for secret in secrets {
            // A mark counts as a form of itself: a value that is part of a name must not break marks, nor a second veil.
            all.push((secret.mark.as_bytes().to_vec(), &secret.mark));
            all.extend(forms(&secret.value).into_iter().map(|form| (form, secret.mark.as_str())));
        }
        all.sort();
        all.dedup_by(|one, other| one.0 == other.0);
        let marks = all.iter().map(|(_, mark)| (*mark).to_owned()).collect();
        let sorted: Vec<_> = all.into_iter().map(|(form, _)| form).collect();
        let mut first = vec![false; 256];
        sorted.iter().filter_map(|form| form.first()).for_each(|byte| first[usize::from(*byte)] = true);
        let longest = sorted.iter().map(Vec::len).max().unwrap_or(0);
        let builder = |forms: &[Vec<u8>]| AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(forms);
        // More than four gigabytes of forms cannot be: a value has 64 KiB at most.
        let automaton = if sorted.is_empty() { None } else { builder(&sorted).ok() };
        Self { automaton, sorted, marks, first, longest }
    }

    /// Whether nothing is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.automaton.is_none()
    }

    /// The first form in `bytes`: where it begins and ends, and what stands in its place.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<(usize, usize, &str)> {
        let found = self.automaton.as_ref()?.find(bytes)?;
        Some((found.start(), found.end(), &self.marks[found.pattern().as_usize()]))
    }

    /// Where in `bytes`, the end of a stream so far, a form may have begun that is not complete; at `from` or behind it.
    pub(super) fn unfinished(&self, bytes: &[u8], from: usize) -> usize {
        let from = from.max(bytes.len().saturating_sub(self.longest.saturating_sub(1)));
        let begins = |at: &usize| self.first[usize::from(bytes[*at])] && self.continues(&bytes[*at..]);
        (from..bytes.len()).find(begins).unwrap_or(bytes.len())
    }

    /// Whether a form begins with `bytes` and is longer.
    fn continues(&self, bytes: &[u8]) -> bool {
        let at = self.sorted.partition_point(|form| form.as_slice() <= bytes);
        self.sorted.get(at).is_some_and(|form| form.starts_with(bytes))
    }

    /// The bytes with marks in the place of secrets; `None` when there is no secret in them.
    #[must_use]
    pub fn veiled(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.find(bytes)?;
        let (mut veiled, mut rest) = (Vec::new(), bytes);
        let mut any = false;
        while let Some((start, end, mark)) = self.find(rest) {
            any |= &rest[start..end] != mark.as_bytes();
            veiled.extend_from_slice(&rest[..start]);
            veiled.extend_from_slice(mark.as_bytes());
            rest = &rest[end..];
        }
        veiled.extend_from_slice(rest);
        any.then_some(veiled)
    }

    /// The text with marks in the place of secrets; `None` when there is no secret in it.
    #[must_use]
    pub fn veiled_text(&self, text: &str) -> Option<String> {
        // A form begins and ends with whole letters, so what is left is text.
        self.veiled(text.as_bytes()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The mark of a secret that stands in a text.
    #[must_use]
    pub fn in_text(&self, text: &str) -> Option<&str> {
        let mut rest = text.as_bytes();
        while let Some((start, end, mark)) = self.find(rest) {
            if &rest[start..end] != mark.as_bytes() {
                return Some(mark);
            }
            rest = &rest[end..];
        }
        None
    }

    /// The same in bytes that are no text: [`runbook_model::excerpt::Bytes`] as JSON.
    pub(super) fn veil_hex(&self, items: &mut serde_json::Map<String, serde_json::Value>) -> bool {
        let Some(hex) = items.get("hex").and_then(|hex| hex.as_str()).filter(|hex| items.len() == 1 && hex.len() % 2 == 0) else {
            return false;
        };
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = hex.as_bytes().chunks_exact(2).map(byte).collect();
        let Some(veiled) = bytes.and_then(|bytes| self.veiled(&bytes)) else { return false };
        let hex: String = veiled.iter().map(|byte| format!("{byte:02x}")).collect();
        items.insert("hex".to_owned(), hex.into());
        true
    }

    /// All of them, and not only up to the first with a secret.
    fn veil_each<'a>(&self, items: impl Iterator<Item = &'a mut serde_json::Value>) -> bool {
        let mut any = false;
        for item in items {
            any |= self.veil_json(item);
        }
        any
    }

    /// Puts marks in the place of secrets in every text of a JSON value, keys included; says whether there were any.
    pub fn veil_json(&self, value: &mut serde_json::Value) -> bool {
        use serde_json::Value;
        match value {
            Value::String(text) => match self.veiled_text(text) {
                Some(veiled) => {
                    *text = veiled;
                    true
                }
                None => false,
            },
            Value::Array(items) => self.veil_each(items.iter_mut()),
            Value::Object(items) => {
                let bytes = self.veil_hex(items);
                let mut any = bytes | self.veil_each(items.values_mut());
                let odd: Vec<_> = items.keys().filter(|key| self.veiled_text(key).is_some()).cloned().collect();
                for key in odd {
                    if let (Some(veiled), Some(item)) = (self.veiled_text(&key), items.remove(&key)) {
                        items.insert(veiled, item);
                        any = true;
                    }
                }
                any
            }
            Value::Number(number) => match self.veiled_text(&number.to_string()) {
                // A password of digits, read as JSON by a script.
                Some(veiled) => {
                    *value = Value::String(veiled);
                    true
                }
                None => false,
            },
            Value::Null | Value::Bool(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patterns(secrets: &[(&str, &str)]) -> Patterns {
        let secrets: Vec<_> = secrets
            .iter()
            .map(|(name, value)| Redacted { mark: runbook_model::secret::mark(name), value: (*value).to_owned() })
            .collect();
        Patterns::of(&secrets)
    }

    #[test]
    fn a_mark_survives_a_second_veil_also_when_the_value_stands_in_the_name() {
        let patterns = patterns(&[("db/password", "password")]);
        let once = patterns.veiled_text("the password is").expect("one secret");
        assert_eq!(once, "the ‹secret db/password› is");
        assert_eq!(patterns.veiled_text(&once), None);
        assert_eq!(patterns.in_text(&once), None);
    }

    #[test]
    fn json_is_veiled_in_values_keys_and_numbers() {
        let patterns = patterns(&[("pin", "12345678"), ("token", "s3cr3t-token")]);
        let mut value = json!({ "a": ["x s3cr3t-token y"], "s3cr3t-token": 12_345_678, "n": 7 });
        assert!(patterns.veil_json(&mut value));
        assert_eq!(value, json!({ "a": ["x ‹secret token› y"], "‹secret token›": "‹secret pin›", "n": 7 }));
        assert!(!patterns.veil_json(&mut value));
    }
}
