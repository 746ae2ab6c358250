//! Maps: sorted by their keys. A closure gets the key and the value.

use super::Signature;

pub(super) const MAPS: &[Signature] = &[
    ("clear", &["(map: Map) -> ()"], "Leaves an empty map, in place."),
    ("contains", &["(map: Map, key: String) -> bool"], "Whether the map has the key; `key in map` says the same."),
    (
        "drain",
        &["(map: Map, pick: Fn) -> Map"],
        "Takes the pairs for which `|key, value|` holds out of the map, in place, and gives them.",
    ),
    ("fill_with", &["(map: Map, more: Map) -> ()"], "Adds the pairs whose keys are not there yet, in place."),
    ("filter", &["(map: Map, keep: Fn) -> Map"], "A new map of the pairs for which `|key, value|` holds."),
    ("get", &["(map: Map, key: String) -> ?"], "The value of the key, or `()` if it is not there, where `map.key` is an error."),
    ("is_empty", &["(map: Map) -> bool"], "Whether the map has no keys."),
    ("keys", &["(map: Map) -> Array"], "The keys as a list, sorted."),
    ("len", &["(map: Map) -> int"], "How many keys the map has; `map.len` without brackets is the value of a key `len`."),
    ("map", &["(map: Map, change: Fn) -> Map"], "A new map of the same keys with what `|key, value|` gives for each."),
    ("mixin", &["(map: Map, more: Map) -> ()"], "Adds all pairs of another map, in place; its values win."),
    (
        "remove",
        &["(map: Map, key: String) -> ?"],
        "Takes the key out, in place, and gives its value, or `()` if it is not there.",
    ),
    (
        "retain",
        &["(map: Map, keep: Fn) -> Map"],
        "Keeps only the pairs for which `|key, value|` holds, in place, and gives the others.",
    ),
    ("set", &["(map: Map, key: String, value: ?) -> ()"], "Gives the key this value, in place; a new key is added."),
    ("to_json", &["(map: Map) -> String"], "The map as a text of JSON, on one line."),
    ("values", &["(map: Map) -> Array"], "The values as a list, in the order of their keys."),
];
