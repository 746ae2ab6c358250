//! Values across the border between script and journal.

use rhai::{Array, Dynamic, ImmutableString, Map};
use runbook_model::Value;

use crate::script::values::unknown::Unknown;

/// Why a value cannot be recorded.
#[derive(Debug)]
pub(in crate::script) enum NotRecordable {
    /// It depends on something that a rehearsal withholds.
    Unknown(Unknown),
    /// It is of a type that JSON does not have; `place` is where in the value, as in `.hosts[2]`.
    Type { name: String, place: String },
}

/// The value as JSON.
///
/// # Errors
/// When it holds an unknown, a number that is not finite, or anything else than what JSON has.
pub(in crate::script) fn recorded(value: &Dynamic) -> Result<Value, NotRecordable> {
    walk(value, &mut String::new())
}

fn walk(value: &Dynamic, place: &mut String) -> Result<Value, NotRecordable> {
    if value.is_shared() {
        return walk(&value.flatten_clone(), place);
    }
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(Value::Bool(flag));
    }
    if let Ok(number) = value.as_int() {
        return Ok(Value::from(number));
    }
    if let Ok(number) = value.as_float() {
        return serde_json::Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| NotRecordable::Type { name: format!("the number {number}"), place: place.clone() });
    }
    if let Ok(letter) = value.as_char() {
        return Ok(Value::String(letter.to_string()));
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(Value::String(text.to_string()));
    }
    if let Some(list) = value.read_lock::<Array>() {
        let mut items = Vec::with_capacity(list.len());
        for (at, item) in list.iter().enumerate() {
            let length = place.len();
            place.push_str(&format!("[{at}]"));
            items.push(walk(item, place)?);
            place.truncate(length);
        }
        return Ok(Value::Array(items));
    }
    if let Some(map) = value.read_lock::<Map>() {
        let mut items = serde_json::Map::new();
        for (key, item) in map.iter() {
            let length = place.len();
            place.push_str(&format!(".{key}"));
            items.insert(key.to_string(), walk(item, place)?);
            place.truncate(length);
        }
        return Ok(Value::Object(items));
    }
    if let Some(unknown) = value.read_lock::<Unknown>() {
        return Err(NotRecordable::Unknown(unknown.clone()));
    }
    Err(NotRecordable::Type { name: named(value).to_owned(), place: place.clone() })
}

/// The recorded value as the script sees it. A whole number beyond 64 bits with sign becomes a float.
pub(in crate::script) fn played(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => text.clone().into(),
        Value::Array(items) => items.iter().map(played).collect::<Array>().into(),
        Value::Object(items) => items.iter().map(|(key, item)| (key.as_str().into(), played(item))).collect::<Map>().into(),
    }
}

/// What people call the type of a value.
pub(in crate::script) fn named(value: &Dynamic) -> &str {
    let name = value.type_name();
    match name {
        "i64" => "a whole number",
        "f64" => "a number",
        "bool" => "true or false",
        "string" | "char" => "text",
        "array" => "a list",
        "map" => "a map",
        "()" => "nothing, `()`",
        "Fn" => "a closure",
        "blob" => "bytes",
        other => match other.rsplit("::").next() {
            Some("Unknown") => "an unknown value",
            Some("Secret") => "a secret",
            Some("Output") => "the result of a program",
            Some("Reaction") => "the answer of a server",
            Some(other) => other,
            None => other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            prop::num::f64::NORMAL.prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".{0,6}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_recorded_value_comes_back_as_it_was(value in values()) {
            prop_assert_eq!(recorded(&played(&value)).expect("it came from JSON"), value);
        }
    }

    #[test]
    fn what_json_cannot_hold_is_refused_by_place() {
        let odd = |value: Dynamic| match recorded(&value) {
            Err(NotRecordable::Type { name, place }) => format!("{name} at {place}"),
            other => format!("{other:?}"),
        };
        assert_eq!(odd(f64::NAN.into()), "the number NaN at ");
        let mut map = Map::new();
        map.insert("hosts".into(), Array::from([1_i64.into(), Dynamic::from(rhai::FnPtr::new("f").expect("a name"))]).into());
        assert_eq!(odd(map.into()), "a closure at .hosts[1]");
    }
}
