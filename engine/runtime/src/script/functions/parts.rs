//! Options that take secrets: a text, a secret, or a list of both that is joined.

use std::collections::BTreeMap;

use rhai::{Array, Dynamic, Map};
use runbook_model::Value;
use runbook_model::secret::{Place, SecretUse, mark};

use crate::script::diagnosis::complaint::Called;
use crate::script::functions::options::{Options, word};
use crate::script::functions::secret::Secret;

/// Texts by name, with the secrets that go into them.
#[derive(Debug, Clone, Default)]
pub(super) struct Marked {
    pub(super) texts: BTreeMap<String, String>,
    pub(super) secrets: Vec<SecretUse>,
}

/// A text with a mark for each secret, whose places are added to `secrets`; `None` when it is something else.
pub(super) fn joined(value: &Dynamic, place: &Place, secrets: &mut Vec<SecretUse>) -> Option<String> {
    let value = value.flatten_clone();
    let Some(parts) = value.read_lock::<Array>() else {
        let mut text = String::new();
        return part(&value, place, &mut text, secrets).then_some(text);
    };
    let mut text = String::new();
    parts.iter().all(|item| part(&item.flatten_clone(), place, &mut text, secrets)).then_some(text)
}

fn part(value: &Dynamic, place: &Place, text: &mut String, secrets: &mut Vec<SecretUse>) -> bool {
    if let Some(secret) = value.read_lock::<Secret>() {
        let (name, place, at) = (secret.name.clone(), place.clone(), text.len());
        text.push_str(&mark(&name));
        secrets.push(SecretUse { name, place, at, print: None, changed: false });
        return true;
    }
    match word(value) {
        Some(word) => {
            text.push_str(&word);
            true
        }
        None => false,
    }
}

/// Whether an option of this type may hold this value.
pub(in crate::script) fn fits(value: &Dynamic) -> bool {
    joined(value, &Place::Stdin, &mut Vec::new()).is_some()
}

/// The text of an option.
pub(super) fn text(options: &Options<'_>, name: &str, place: Place, secrets: &mut Vec<SecretUse>) -> Option<String> {
    joined(&options.raw(name)?, &place, secrets)
}

/// The map of an option; `place` makes the place of each of its texts.
pub(super) fn map(options: &Options<'_>, name: &str, place: fn(String) -> Place) -> Marked {
    let mut marked = Marked::default();
    let Some(items) = options.raw(name).and_then(Dynamic::try_cast::<Map>) else { return marked };
    for (key, value) in &items {
        if let Some(text) = joined(value, &place(key.to_string()), &mut marked.secrets) {
            marked.texts.insert(key.to_string(), text);
        }
    }
    marked
}

/// The JSON of an option, in which each secret is a text of its own.
pub(super) fn json(options: &Options<'_>, name: &str, secrets: &mut Vec<SecretUse>) -> Called<Option<Value>> {
    let Some(value) = options.raw(name) else { return Ok(None) };
    options.recorded(name, &without(&value, &mut String::new(), secrets))
}

/// The value with marks for its secrets.
fn without(value: &Dynamic, pointer: &mut String, secrets: &mut Vec<SecretUse>) -> Dynamic {
    let value = value.flatten_clone();
    let length = pointer.len();
    if let Some(secret) = value.read_lock::<Secret>() {
        let (name, place) = (secret.name.clone(), Place::Json(pointer.clone()));
        let shown = mark(&name);
        secrets.push(SecretUse { name, place, at: 0, print: None, changed: false });
        return shown.into();
    }
    if let Some(items) = value.read_lock::<Array>() {
        let mut list = Array::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            pointer.push_str(&format!("/{at}"));
            list.push(without(item, pointer, secrets));
            pointer.truncate(length);
        }
        return list.into();
    }
    if let Some(items) = value.read_lock::<Map>() {
        let mut map = Map::new();
        for (key, item) in items.iter() {
            pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1")));
            map.insert(key.clone(), without(item, pointer, secrets));
            pointer.truncate(length);
        }
        return map.into();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(name: &str) -> Dynamic {
        Dynamic::from(Secret { name: name.to_owned() })
    }

    #[test]
    fn parts_are_joined_and_a_typed_mark_is_no_secret() {
        let parts: Array = vec!["‹secret a›:".into(), secret("a"), "@".into(), 7_i64.into(), secret("b")];
        let mut secrets = Vec::new();
        let text = joined(&parts.into(), &Place::Stdin, &mut secrets).expect("all parts fit");
        assert_eq!(text, "‹secret a›:‹secret a›@7‹secret b›");
        let places: Vec<_> = secrets.iter().map(|used| (used.name.as_str(), used.at)).collect();
        assert_eq!(places, [("a", mark("a").len() + 1), ("b", 2 * mark("a").len() + 3)]);
        let nested: Array = vec![Array::new().into()];
        assert_eq!(joined(&nested.into(), &Place::Stdin, &mut Vec::new()), None);
    }

    #[test]
    fn secrets_in_json_are_found_by_pointers() {
        let mut inner = Map::new();
        inner.insert("p/w~".into(), secret("a"));
        let value: Dynamic = Array::from([1_i64.into(), inner.into()]).into();
        let mut secrets = Vec::new();
        let plain = without(&value, &mut String::new(), &mut secrets);
        assert_eq!(secrets[0].place, Place::Json("/1/p~1w~0".to_owned()));
        let json = crate::script::values::json::recorded(&plain).expect("JSON");
        assert_eq!(json.pointer("/1/p~1w~0"), Some(&Value::from("‹secret a›")));
    }
}
