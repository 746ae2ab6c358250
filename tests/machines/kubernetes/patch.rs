//! The three kinds of patches that `kubectl` sends.

use serde_json::{Map, Value};

/// Applies a patch of this content type.
pub(super) fn apply(kind: &str, target: &mut Value, patch: &Value) {
    match kind.split(';').next().unwrap_or_default() {
        "application/json-patch+json" => patch.as_array().into_iter().flatten().for_each(|change| operation(target, change)),
        "application/merge-patch+json" => merge(target, patch, false),
        "application/strategic-merge-patch+json" => merge(target, patch, true),
        other => panic!("kubectl sends a patch of another kind: {other}"),
    }
}

/// RFC 7396; strategically, containers are known by their names, and what begins with `$` is an instruction for servers.
fn merge(target: &mut Value, patch: &Value, strategic: bool) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let map = target.as_object_mut().expect("an object");
    for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with('$')) {
        if value.is_null() {
            map.remove(name);
        } else if strategic && name == "containers" {
            containers(map.entry(name).or_insert_with(|| Value::Array(Vec::new())), value);
        } else {
            merge(map.entry(name).or_insert(Value::Null), value, strategic);
        }
    }
}

fn containers(target: &mut Value, patch: &Value) {
    let all = target.as_array_mut().expect("a list");
    for changed in patch.as_array().into_iter().flatten() {
        match all.iter_mut().find(|one| one["name"] == changed["name"]) {
            Some(one) => merge(one, changed, true),
            None => all.push(changed.clone()),
        }
    }
}

/// RFC 6902, as far as `kubectl rollout undo` goes: whole values are replaced.
fn operation(target: &mut Value, change: &Value) {
    assert_eq!(change["op"], "replace", "{change}");
    let path = change["path"].as_str().expect("a path");
    *target.pointer_mut(path).unwrap_or_else(|| panic!("no {path}")) = change["value"].clone();
}
