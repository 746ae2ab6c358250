//! Every secret that this process has seen: for the veils of all its outputs.
//!
//! One for the process, and no value that is handed around: a panic hook, a log and the last line before the terminal have nobody
//! who could hand it to them, and an output that was forgotten would be the one that leaks.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::hidden::Redacted;
use super::pattern::Patterns;
use super::veil::Veil;

#[derive(Default)]
struct Known {
    secrets: Vec<Redacted>,
    /// Made when something is to be shown: many secrets are learnt one behind the other before that.
    patterns: OnceLock<Arc<Patterns>>,
}

impl Known {
    fn add(&mut self, secret: Redacted) {
        if !self.secrets.contains(&secret) {
            self.secrets.push(secret);
            self.patterns = OnceLock::new();
        }
    }

    fn patterns(&self) -> Arc<Patterns> {
        Arc::clone(self.patterns.get_or_init(|| Arc::new(Patterns::of(&self.secrets))))
    }
}

static KNOWN: LazyLock<RwLock<Known>> = LazyLock::new(RwLock::default);

/// From now on `mark` stands wherever the value would.
pub fn add(mark: String, value: &str) {
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).add(Redacted { mark, value: value.to_owned() });
}

/// What is looked for in outputs.
#[must_use]
pub fn patterns() -> Arc<Patterns> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).patterns()
}

/// Every value with its mark, for the keeper.
#[must_use]
pub fn all() -> Vec<Redacted> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).secrets.clone()
}

/// The text with marks in the place of secrets.
#[must_use]
pub fn veiled(text: &str) -> Cow<'_, str> {
    patterns().veiled_text(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The beginning of something longer with marks in the place of secrets. What stands at its end and may be the first half of one is
/// left out: nobody will see the other half.
#[must_use]
pub fn veiled_beginning(bytes: &[u8]) -> Vec<u8> {
    let mut clear = Vec::with_capacity(bytes.len());
    Veil::new(patterns()).pass(bytes, &mut |piece| clear.extend_from_slice(piece));
    clear
}

/// The value with marks in the place of secrets, in every text of it.
///
/// A value of ours must stay one: numbers, names of fields and the words of enumerations are left alone when it would not be
/// readable without them. No secret stands there that somebody did not choose to be one of our words.
#[must_use]
pub fn redacted<T: Serialize + DeserializeOwned>(value: T) -> T {
    let patterns = patterns();
    if patterns.is_empty() {
        return value;
    }
    let Ok(json) = serde_json::to_value(&value) else { return value };
    let mut veiled = json.clone();
    if !patterns.veil_json(&mut veiled) {
        return value;
    }
    if let Ok(read) = serde_json::from_value(veiled) {
        return read;
    }
    let mut careful = json;
    veil_texts(&patterns, &mut careful);
    serde_json::from_value(careful).unwrap_or(value)
}

fn veil_texts(patterns: &Patterns, value: &mut Value) {
    match value {
        Value::String(text) if is_structure(text) => {}
        Value::String(text) => {
            if let Some(veiled) = patterns.veiled_text(text) {
                *text = veiled;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| veil_texts(patterns, item)),
        Value::Object(items) if items.len() == 1 && items.contains_key("hex") => {
            patterns.veil_hex(items);
        }
        Value::Object(items) => items.values_mut().for_each(|item| veil_texts(patterns, item)),
        Value::Number(_) | Value::Null | Value::Bool(_) => {}
    }
}

/// A word of an enumeration, or a digest.
fn is_structure(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        || (text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use runbook_model::answer::{Answer, ExitStatus, Exited};
    use runbook_model::excerpt::Excerpt;

    use super::*;

    fn exited(text: &[u8]) -> Answer {
        Answer::Exited(Exited {
            status: ExitStatus::Code(0),
            stdout: Excerpt::of(text),
            stderr: Excerpt::default(),
            millis: 83_917_264,
            left_running: Vec::new(),
            unkept: Vec::new(),
        })
    }

    #[test]
    fn values_of_ours_stay_what_they_are_without_their_secrets() {
        add("‹secret known/pin›".to_owned(), "83917264");
        let Answer::Exited(veiled) = redacted(exited(b"pin 83917264 \xff 3833393137323634")) else { panic!("another kind") };
        assert_eq!(veiled.millis, 83_917_264, "a number of ours is no text");
        let shown = String::from_utf8_lossy(&veiled.stdout.head.0).into_owned();
        assert!(!shown.contains("83917264"), "{shown}");
        assert_eq!(redacted(exited(b"nothing")), exited(b"nothing"));
        assert_eq!(veiled_line("83917264"), "‹secret known/pin›");
    }

    #[test]
    fn many_secrets_are_prepared_together_when_something_is_shown() {
        let mut known = Known::default();
        let value = |at: u32| format!("{at:04}-one-of-many-values-of-forty-letters");
        for at in 0..400 {
            known.add(Redacted { mark: format!("‹secret many/{at}›"), value: value(at) });
            assert!(known.patterns.get().is_none());
        }
        let shown = known.patterns().veiled_text(&format!("{} {}", value(0), value(399)));
        assert_eq!(shown.as_deref(), Some("‹secret many/0› ‹secret many/399›"));
    }

    fn veiled_line(text: &str) -> String {
        veiled(text).into_owned()
    }
}
