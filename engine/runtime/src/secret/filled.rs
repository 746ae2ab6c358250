//! Changes and looks with the values of their secrets in place: as they are made, and never as they are written.

use std::collections::BTreeMap;
use std::ops::Deref;

use runbook_model::Value;
use runbook_model::change::{Change, FileWrite, HttpCall, Invocation};
use runbook_model::secret::{Place, SecretUse, mark};
use zeroize::Zeroize;

use super::vault::Values;

/// A mark is not where the change says that it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the mark of the secret `{name}` is not in {place}: the journal was edited, or the engine is at fault")]
pub(crate) struct NotFilled {
    name: String,
    place: Place,
}

/// Something that holds the values of secrets. Its memory is overwritten when it is dropped.
pub(crate) struct Filled<T: Wipe>(T);

impl Filled<Invocation> {
    /// Takes the place of what it was: the same program, completed.
    pub(crate) fn replace(&mut self, completed: Invocation) {
        self.0.wipe();
        self.0 = completed;
    }
}

impl<T: Wipe> Deref for Filled<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Wipe> Drop for Filled<T> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

/// Overwrites every text that a secret can have gone into.
pub(crate) trait Wipe {
    fn wipe(&mut self);
}

impl Wipe for Invocation {
    fn wipe(&mut self) {
        self.env.values_mut().chain(self.env_files.values_mut()).for_each(Zeroize::zeroize);
        self.stdin.zeroize();
    }
}

impl Wipe for FileWrite {
    fn wipe(&mut self) {
        self.content.zeroize();
    }
}

impl Wipe for HttpCall {
    fn wipe(&mut self) {
        self.headers.wipe();
        self.body.zeroize();
        self.json.iter_mut().for_each(wipe_json);
    }
}

impl Wipe for BTreeMap<String, String> {
    fn wipe(&mut self) {
        self.values_mut().for_each(Zeroize::zeroize);
    }
}

fn wipe_json(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe_json),
        Value::Object(items) => items.values_mut().for_each(wipe_json),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// An invocation as it is started.
pub(crate) fn invocation(invocation: &Invocation, values: &Values) -> Result<Filled<Invocation>, NotFilled> {
    let mut filled = Filled(Invocation { secrets: Vec::new(), ..invocation.clone() });
    for used in backwards(&invocation.secrets) {
        let text = match &used.place {
            Place::Env(name) => filled.0.env.get_mut(name),
            Place::EnvFile(name) => filled.0.env_files.get_mut(name),
            Place::Stdin => filled.0.stdin.as_mut(),
            _ => None,
        };
        put(text, used, values)?;
    }
    Ok(filled)
}

/// A file as it is written.
pub(crate) fn write(write: &FileWrite, values: &Values) -> Result<Filled<FileWrite>, NotFilled> {
    let mut filled = Filled(FileWrite { secrets: Vec::new(), written: None, ..write.clone() });
    for used in backwards(&write.secrets) {
        let text = (used.place == Place::Content).then_some(&mut filled.0.content);
        put(text, used, values)?;
    }
    Ok(filled)
}

/// A request as it is sent.
pub(crate) fn http(call: &HttpCall, values: &Values) -> Result<Filled<HttpCall>, NotFilled> {
    let mut filled = Filled(HttpCall { secrets: Vec::new(), ..call.clone() });
    for used in backwards(&call.secrets) {
        let text = match &used.place {
            Place::Header(name) => filled.0.headers.get_mut(name),
            Place::Body => filled.0.body.as_mut(),
            Place::Json(pointer) => match filled.0.json.as_mut().and_then(|json| json.pointer_mut(pointer)) {
                Some(Value::String(text)) => Some(text),
                _ => None,
            },
            _ => None,
        };
        put(text, used, values)?;
    }
    Ok(filled)
}

/// Header fields as they are sent.
pub(crate) fn headers(
    headers: &BTreeMap<String, String>,
    uses: &[SecretUse],
    values: &Values,
) -> Result<Filled<BTreeMap<String, String>>, NotFilled> {
    let mut filled = Filled(headers.clone());
    for used in backwards(uses) {
        let text = match &used.place {
            Place::Header(name) => filled.0.get_mut(name),
            _ => None,
        };
        put(text, used, values)?;
    }
    Ok(filled)
}

/// The texts of a change that no secret of it goes into: those that are written down as they are.
pub(crate) fn open_texts(change: &Change) -> Vec<&str> {
    match change {
        Change::Run(run) => {
            let variables = run.env.iter().chain(&run.env_files).flat_map(|(name, value)| [name, value]);
            run.argv.iter().chain(variables).chain(&run.cwd).chain(&run.stdin).map(String::as_str).collect()
        }
        Change::Write(write) => vec![&write.path, &write.content],
        Change::Restore(restore) => vec![&restore.path],
        Change::Http(call) => {
            let mut texts = vec![call.method.as_str(), call.url.as_str()];
            texts.extend(call.headers.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
            texts.extend(call.body.as_deref());
            call.json.iter().for_each(|json| json_texts(json, &mut texts));
            texts
        }
    }
}

fn json_texts<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| json_texts(item, texts)),
        Value::Object(items) => items.iter().for_each(|(key, item)| {
            texts.push(key);
            json_texts(item, texts);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The last one first, so that the places of the others stay right.
fn backwards(uses: &[SecretUse]) -> Vec<&SecretUse> {
    let mut uses: Vec<_> = uses.iter().collect();
    uses.sort_by_key(|used| std::cmp::Reverse(used.at));
    uses
}

fn put(text: Option<&mut String>, used: &SecretUse, values: &Values) -> Result<(), NotFilled> {
    let lost = || NotFilled { name: used.name.clone(), place: used.place.clone() };
    let (text, value) = (text.ok_or_else(lost)?, values.get(&used.name).ok_or_else(lost)?);
    let mark = mark(&used.name);
    if !text.get(used.at..).is_some_and(|rest| rest.starts_with(&mark)) {
        return Err(lost());
    }
    let mut whole = String::with_capacity(text.len() + value.reveal().len());
    whole.push_str(&text[..used.at]);
    whole.push_str(value.reveal());
    whole.push_str(&text[used.at + mark.len()..]);
    // What came before may hold other values already.
    text.zeroize();
    *text = whole;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Hidden;

    fn used(name: &str, place: Place, at: usize) -> SecretUse {
        SecretUse { name: name.to_owned(), place, at, print: None, changed: false }
    }

    fn values() -> Values {
        [("a", "first"), ("b", "second-value")].map(|(name, value)| (name.to_owned(), Hidden::new(value.to_owned()))).into()
    }

    #[test]
    fn only_the_marks_that_are_named_are_filled_in() {
        let typed = "‹secret a›:‹secret b›@‹secret a›";
        let run = Invocation {
            argv: vec!["x".to_owned(), mark("a")],
            env: [("URL".to_owned(), typed.to_owned()), ("TYPED".to_owned(), mark("a"))].into(),
            stdin: Some(mark("b")),
            secrets: vec![
                used("a", Place::Env("URL".to_owned()), 0),
                used("b", Place::Env("URL".to_owned()), mark("a").len() + 1),
                used("b", Place::Stdin, 0),
            ],
            ..Invocation::default()
        };
        let filled = invocation(&run, &values()).expect("all there");
        assert_eq!(filled.env["URL"], "first:second-value@‹secret a›");
        assert_eq!((filled.env["TYPED"].as_str(), filled.argv[1].as_str()), ("‹secret a›", "‹secret a›"));
        assert_eq!(filled.stdin.as_deref(), Some("second-value"));
    }

    #[test]
    fn json_headers_and_body_are_filled_in() {
        let call = HttpCall {
            headers: [("Authorization".to_owned(), format!("Bearer {}", mark("a")))].into(),
            json: Some(serde_json::json!({ "user": { "pass/word": mark("b") }, "n": 1 })),
            secrets: vec![
                used("a", Place::Header("Authorization".to_owned()), 7),
                used("b", Place::Json("/user/pass~1word".to_owned()), 0),
            ],
            ..HttpCall::default()
        };
        let filled = http(&call, &values()).expect("all there");
        assert_eq!(filled.headers["Authorization"], "Bearer first");
        assert_eq!(filled.json, Some(serde_json::json!({ "user": { "pass/word": "second-value" }, "n": 1 })));
    }

    #[test]
    fn a_use_without_its_mark_is_refused() {
        for (place, at) in [(Place::Stdin, 1), (Place::Stdin, 900), (Place::Content, 0), (Place::Env("X".to_owned()), 0)] {
            let run = Invocation { stdin: Some(mark("a")), secrets: vec![used("a", place, at)], ..Invocation::default() };
            assert!(invocation(&run, &values()).is_err());
        }
        let run = Invocation { stdin: Some(mark("c")), secrets: vec![used("c", Place::Stdin, 0)], ..Invocation::default() };
        assert!(invocation(&run, &values()).is_err(), "a value that is not there");
    }
}
