//! What Rhai itself has, as far as a runbook may call it, in words of our own.
//!
//! Rhai can describe its functions only with its feature `metadata`, which makes every start of the program longer. The tests
//! of `definitions` compare these tables with what the engine has.
//!
//! A range with its end (`1..=5`) goes wherever one without (`1..5`) goes; both are written `Range<int>`. What can only be
//! gone through by `for` has no name in a runbook and is written `?`.

use super::Signature;

/// What is read without brackets, such as `x.len`; each can be called like a function, too.
pub(super) const PROPERTIES: &[Signature] = &[
    // Text.
    ("bytes", &["(text: String) -> int"], "How many bytes the text takes as UTF-8."),
    ("chars", &["(text: String) -> ?"], "The characters, one after the other, for a `for`; `to_chars` gives a list."),
    ("is_empty", &["(text: String) -> bool"], "Whether the text has no character at all; spaces are characters."),
    ("len", &["(text: String) -> int"], "How many characters the text has; `bytes` says how many bytes."),
    // Lists.
    ("is_empty", &["(list: Array) -> bool"], "Whether the list has no items."),
    ("len", &["(list: Array) -> int"], "How many items the list has."),
    // Numbers.
    ("bits", &["(number: int) -> ?"], "All 64 bits as `true` and `false`, the lowest first, for a `for`."),
    ("ceiling", &["(number: float) -> float"], "The next whole number upwards, still as a `float`."),
    ("floor", &["(number: float) -> float"], "The next whole number downwards, still as a `float`."),
    ("fraction", &["(number: float) -> float"], "What stands behind the point, with the sign of the number."),
    ("int", &["(number: float) -> float"], "The number without what stands behind the point, still as a `float`: see `to_int`."),
    ("is_even", &["(number: int) -> bool"], "Whether two divides the number."),
    ("is_finite", &["(number: float) -> bool"], "Whether it is a number, and not infinite."),
    ("is_infinite", &["(number: float) -> bool"], "Whether it is infinite, as after a division by `0.0`."),
    ("is_nan", &["(number: float) -> bool"], "Whether it is no number, as after `0.0 / 0.0`."),
    ("is_odd", &["(number: int) -> bool"], "Whether two does not divide the number."),
    ("is_zero", &["(number: int) -> bool", "(number: float) -> bool"], "Whether the number is zero."),
    ("round", &["(number: float) -> float"], "The nearest whole number, still as a `float`; a half goes away from zero."),
    // Bytes.
    ("is_empty", &["(bytes: Blob) -> bool"], "Whether there are no bytes."),
    ("len", &["(bytes: Blob) -> int"], "How many bytes there are."),
    // Ranges.
    ("end", &["(range: Range<int>) -> int"], "The number behind the dots; only `..=` contains it."),
    ("is_empty", &["(range: Range<int>) -> bool"], "Whether no number lies in the range."),
    ("is_exclusive", &["(range: Range<int>) -> bool"], "Whether it was written with `..`, and its end does not belong to it."),
    ("is_inclusive", &["(range: Range<int>) -> bool"], "Whether it was written with `..=`, and its end belongs to it."),
    ("start", &["(range: Range<int>) -> int"], "The number before the dots."),
    // Functions and any value.
    ("is_anonymous", &["(function: Fn) -> bool"], "Whether it is a closure, and has no name of its own."),
    ("name", &["(function: Fn) -> String"], "The name of the function; a closure has a made one."),
    ("tag", &["(value: ?) -> int"], "The number that `set_tag` stuck to the value; 0 when there was none."),
];

/// What is called.
pub(super) const FUNCTIONS: &[Signature] = &[
    // Text: positions count characters from 0, and negative ones from the end.
    (
        "append",
        &["(text: String, item: ?) -> ()"],
        "Adds the item to the end of the text, in place; what is no text becomes one.",
    ),
    (
        "chars",
        &[
            "(text: String, range: Range<int>) -> ?",
            "(text: String, start: int) -> ?",
            "(text: String, start: int, len: int) -> ?",
        ],
        "The characters of a part of the text, one after the other, for a `for`.",
    ),
    ("clear", &["(text: String) -> ()"], "Leaves an empty text, in place."),
    (
        "contains",
        &["(text: String, part: String) -> bool", "(text: String, character: char) -> bool"],
        "Whether the part stands anywhere in the text; `part in text` says the same.",
    ),
    (
        "crop",
        &[
            "(text: String, range: Range<int>) -> ()",
            "(text: String, start: int) -> ()",
            "(text: String, start: int, len: int) -> ()",
        ],
        "Keeps only this part of the text, in place; nothing is left if it lies behind the end.",
    ),
    (
        "ends_with",
        &["(text: String, part: String) -> bool", "(text: String, character: char) -> bool"],
        "Whether these are the last characters of the text.",
    ),
    ("get", &["(text: String, index: int) -> ?"], "The character at this position, or `()` where there is none."),
    (
        "index_of",
        &[
            "(text: String, part: String) -> int",
            "(text: String, character: char) -> int",
            "(text: String, part: String, start: int) -> int",
            "(text: String, character: char, start: int) -> int",
        ],
        "The first position of the part, looked for from `start` on; -1 if it is not there.",
    ),
    ("make_lower", &["(text: String) -> ()", "(character: char) -> ()"], "Turns capitals into small letters, in place."),
    ("make_upper", &["(text: String) -> ()", "(character: char) -> ()"], "Turns small letters into capitals, in place."),
    (
        "max",
        &["(a: String, b: String) -> String", "(a: char, b: char) -> char"],
        "The one that sorts last, by the codes of the characters: small letters come after capitals.",
    ),
    (
        "min",
        &["(a: String, b: String) -> String", "(a: char, b: char) -> char"],
        "The one that sorts first, by the codes of the characters: capitals come before small letters.",
    ),
    (
        "pad",
        &["(text: String, len: int, filler: String) -> ()", "(text: String, len: int, filler: char) -> ()"],
        "Fills the text up at its end to `len` characters, in place; a longer one stays as it is.",
    ),
    (
        "parse_float",
        &["(text: String) -> float"],
        "The number that the text says; spaces around it do not matter, else an error.",
    ),
    (
        "parse_int",
        &["(text: String) -> int", "(text: String, base: int) -> int"],
        "The whole number that the text says, to base 10 or one of 2 to 36; an error if it says anything else.",
    ),
    (
        "parse_json",
        &["(text: String) -> ?"],
        "The value that the text says as JSON, with `()` for `null`; an error if it is no JSON.",
    ),
    (
        "pop",
        &["(text: String) -> ?", "(text: String, len: int) -> String"],
        "Takes the last character off the text, in place, and gives it, or `()` if there is none; with `len` as many, as a text.",
    ),
    (
        "remove",
        &["(text: String, part: String) -> ()", "(text: String, character: char) -> ()"],
        "Takes the part out wherever it stands in the text, in place.",
    ),
    (
        "replace",
        &[
            "(text: String, old: String, by: String) -> ()",
            "(text: String, old: String, by: char) -> ()",
            "(text: String, old: char, by: String) -> ()",
            "(text: String, old: char, by: char) -> ()",
        ],
        "Puts `by` wherever `old` stands in the text, in place: it gives nothing back.",
    ),
    (
        "set",
        &["(text: String, index: int, character: char) -> ()"],
        "Puts the character at this position, in place; nothing happens if there is none.",
    ),
    (
        "split",
        &["(text: String) -> Array", "(text: String, by: String) -> Array", "(text: String, by: char) -> Array"],
        "The pieces between the separators; without one, the words between spaces and line ends.",
    ),
    (
        "split",
        &["(text: String, by: String, pieces: int) -> Array", "(text: String, by: char, pieces: int) -> Array"],
        "At most so many pieces between the separators; the last one holds the whole rest.",
    ),
    ("split", &["(text: String, index: int) -> Array"], "Two texts: what stands before this position, and the rest."),
    (
        "split_rev",
        &[
            "(text: String, by: String) -> Array",
            "(text: String, by: char) -> Array",
            "(text: String, by: String, pieces: int) -> Array",
            "(text: String, by: char, pieces: int) -> Array",
        ],
        "The pieces between the separators, the last one first; of at most so many, the last one holds the whole beginning.",
    ),
    (
        "starts_with",
        &["(text: String, part: String) -> bool", "(text: String, character: char) -> bool"],
        "Whether these are the first characters of the text.",
    ),
    (
        "sub_string",
        &[
            "(text: String, range: Range<int>) -> String",
            "(text: String, start: int) -> String",
            "(text: String, start: int, len: int) -> String",
        ],
        "A part of the text: what lies behind its end is left out, down to an empty text.",
    ),
    ("to_blob", &["(text: String) -> Blob"], "The bytes of the text as UTF-8."),
    ("to_chars", &["(text: String) -> Array"], "The characters as a list."),
    ("to_int", &["(character: char) -> int"], "The number that Unicode gives the character."),
    ("to_lower", &["(text: String) -> String", "(character: char) -> char"], "The same in small letters."),
    ("to_upper", &["(text: String) -> String", "(character: char) -> char"], "The same in capitals."),
    ("trim", &["(text: String) -> ()"], "Takes spaces and line ends off both ends of the text, in place: it gives nothing back."),
    ("truncate", &["(text: String, len: int) -> ()"], "Keeps at most the first `len` characters, in place."),
    // Lists: positions count from 0, and negative ones from the end. A closure gets the item and, if it takes two, its position.
    ("all", &["(list: Array, holds: Fn) -> bool"], "Whether it holds for every item; of an empty list that is `true`."),
    ("append", &["(list: Array, more: Array) -> ()"], "Adds all items of another list to the end, in place."),
    ("chop", &["(list: Array, len: int) -> ()"], "Keeps at most the last `len` items, in place."),
    ("clear", &["(list: Array) -> ()"], "Leaves an empty list, in place."),
    ("contains", &["(list: Array, value: ?) -> bool"], "Whether an item equals the value; `value in list` says the same."),
    (
        "dedup",
        &["(list: Array) -> ()", "(list: Array, same: Fn) -> ()"],
        "Keeps one of equal items that stand next to each other, in place: `sort` first to keep one of all.",
    ),
    (
        "drain",
        &["(list: Array, pick: Fn) -> Array"],
        "Takes the items for which it holds out of the list, in place, and gives them.",
    ),
    (
        "drain",
        &["(list: Array, range: Range<int>) -> Array", "(list: Array, start: int, len: int) -> Array"],
        "Takes this part out of the list, in place, and gives it.",
    ),
    (
        "extract",
        &[
            "(list: Array, range: Range<int>) -> Array",
            "(list: Array, start: int) -> Array",
            "(list: Array, start: int, len: int) -> Array",
        ],
        "A copy of a part of the list; what lies behind its end is left out.",
    ),
    ("filter", &["(list: Array, keep: Fn) -> Array"], "A new list of the items for which it holds."),
    (
        "find",
        &["(list: Array, wanted: Fn) -> ?", "(list: Array, wanted: Fn, start: int) -> ?"],
        "The first item for which it holds, from `start` on, or `()`.",
    ),
    (
        "find_map",
        &["(list: Array, change: Fn) -> ?", "(list: Array, change: Fn, start: int) -> ?"],
        "The first result that is not `()`, from `start` on, or `()`.",
    ),
    (
        "for_each",
        &["(list: Array, body: Fn) -> ()"],
        "Calls the closure once for each item, which is `this` in it and can be assigned to: that changes the list in place.",
    ),
    (
        "get",
        &["(list: Array, index: int) -> ?"],
        "The item at this position, or `()` behind the end, where `list[index]` is an error.",
    ),
    (
        "index_of",
        &[
            "(list: Array, value: ?) -> int",
            "(list: Array, wanted: Fn) -> int",
            "(list: Array, value: ?, start: int) -> int",
            "(list: Array, wanted: Fn, start: int) -> int",
        ],
        "The position of the first item that equals the value, or for which it holds, from `start` on; -1 if there is none.",
    ),
    (
        "insert",
        &["(list: Array, index: int, item: ?) -> ()"],
        "Puts the item before the one at this position, in place; at the end if there is none.",
    ),
    ("map", &["(list: Array, change: Fn) -> Array"], "A new list of what the closure gives for each item."),
    (
        "order",
        &["(list: Array) -> Array", "(list: Array, compare: Fn) -> Array"],
        "A sorted copy; what may be sorted, and how, says `sort`.",
    ),
    (
        "order_by",
        &["(list: Array, compare: Fn) -> Array"],
        "A copy, sorted by what the closure says of two items, as `sort_by` does.",
    ),
    ("order_desc", &["(list: Array) -> Array"], "A sorted copy with the greatest first."),
    (
        "pad",
        &["(list: Array, len: int, item: ?) -> ()"],
        "Adds the item until the list has `len` of them, in place; a longer one stays as it is.",
    ),
    ("pop", &["(list: Array) -> ?"], "Takes the last item off the list, in place, and gives it, or `()` if there is none."),
    ("push", &["(list: Array, item: ?) -> ()"], "Adds one item to the end, in place."),
    (
        "reduce",
        &["(list: Array, join: Fn) -> ?", "(list: Array, join: Fn, first: ?) -> ?"],
        "One value out of all: `|sum, item|` is called for each item with what came before, at first `first` or `()`.",
    ),
    (
        "reduce_rev",
        &["(list: Array, join: Fn) -> ?", "(list: Array, join: Fn, first: ?) -> ?"],
        "As `reduce`, from the last item to the first.",
    ),
    (
        "remove",
        &["(list: Array, index: int) -> ?"],
        "Takes the item at this position out, in place, and gives it, or `()` if there is none.",
    ),
    (
        "retain",
        &["(list: Array, keep: Fn) -> Array"],
        "Keeps only the items for which it holds, in place, and gives those that had to go.",
    ),
    (
        "retain",
        &["(list: Array, range: Range<int>) -> Array", "(list: Array, start: int, len: int) -> Array"],
        "Keeps only this part, in place, and gives the rest; if nothing lies in it, all stays.",
    ),
    ("reverse", &["(list: Array) -> ()"], "Turns the order around, in place."),
    (
        "set",
        &["(list: Array, index: int, value: ?) -> ()"],
        "Puts the value at this position, in place; nothing happens behind the end.",
    ),
    ("shift", &["(list: Array) -> ?"], "Takes the first item off the list, in place, and gives it, or `()` if there is none."),
    ("some", &["(list: Array, holds: Fn) -> bool"], "Whether it holds for at least one item; of an empty list that is `false`."),
    (
        "sort",
        &["(list: Array) -> ()", "(list: Array, compare: Fn) -> ()"],
        "Puts the smallest first, in place; items of different types, lists and maps are an error without a closure.",
    ),
    (
        "sort_by",
        &["(list: Array, compare: Fn) -> ()"],
        "Sorts in place by what `|a, b|` says: below 0 or `true` if `a` comes first, above 0 or `false` if `b` does.",
    ),
    ("sort_desc", &["(list: Array) -> ()"], "Puts the greatest first, in place; items of different types are an error."),
    (
        "splice",
        &["(list: Array, range: Range<int>, items: Array) -> ()", "(list: Array, start: int, len: int, items: Array) -> ()"],
        "Puts the new items in the place of this part, in place; behind the end they are added.",
    ),
    (
        "split",
        &["(list: Array, index: int) -> Array"],
        "Cuts the list off at this position, in place, and gives what was behind it; nothing behind the end.",
    ),
    ("truncate", &["(list: Array, len: int) -> ()"], "Keeps at most the first `len` items, in place."),
    (
        "zip",
        &["(a: Array, b: Array, join: Fn) -> Array"],
        "A new list of what `|x, y|` gives for the items of both at the same position, as long as the shorter one.",
    ),
    // Maps: sorted by their keys. A closure gets the key and the value.
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
    // Numbers: `int` has 64 bits and a sign, `float` has 64 bits.
    ("abs", &["(number: int) -> int", "(number: float) -> float"], "The number without its sign."),
    ("exp", &["(number: float) -> float"], "e to the power of the number."),
    ("hypot", &["(x: float, y: float) -> float"], "How far the point (x, y) is from (0, 0)."),
    ("ln", &["(number: float) -> float"], "The logarithm to base e; of a negative number no number."),
    (
        "log",
        &["(number: float) -> float", "(number: float, base: float) -> float"],
        "The logarithm to base 10, or to another one.",
    ),
    (
        "max",
        &[
            "(a: int, b: int) -> int",
            "(a: float, b: float) -> float",
            "(a: int, b: float) -> float",
            "(a: float, b: int) -> float",
        ],
        "The greater of the two; a `float` if one of them is.",
    ),
    (
        "min",
        &[
            "(a: int, b: int) -> int",
            "(a: float, b: float) -> float",
            "(a: int, b: float) -> float",
            "(a: float, b: int) -> float",
        ],
        "The smaller of the two; a `float` if one of them is.",
    ),
    ("sign", &["(number: int) -> int", "(number: float) -> int"], "1 above zero, 0 at zero, -1 below."),
    ("sqrt", &["(number: float) -> float"], "The square root; of a negative number no number."),
    ("to_binary", &["(number: int) -> String"], "The number to base 2; a negative one with all of its 64 bits."),
    (
        "to_float",
        &["(number: int) -> float", "(number: float) -> float"],
        "The number as a `float`; beyond 2^53 the last digits are lost.",
    ),
    ("to_hex", &["(number: int) -> String"], "The number to base 16, in small letters; a negative one with all of its 64 bits."),
    (
        "to_int",
        &["(number: float) -> int", "(number: int) -> int"],
        "The number as an `int`, without what stands behind the point; an error if it is too great.",
    ),
    ("to_octal", &["(number: int) -> String"], "The number to base 8; a negative one with all of its 64 bits."),
    // Numbers: circles and angles, in radians.
    ("E", &["() -> float"], "The number e, 2.718…"),
    ("PI", &["() -> float"], "The number π, 3.141…"),
    ("acos", &["(number: float) -> float"], "The angle of this cosine, in radians; no number outside of -1 to 1."),
    ("acosh", &["(number: float) -> float"], "The inverse of `cosh`; no number below 1."),
    ("asin", &["(number: float) -> float"], "The angle of this sine, in radians; no number outside of -1 to 1."),
    ("asinh", &["(number: float) -> float"], "The inverse of `sinh`."),
    (
        "atan",
        &["(number: float) -> float", "(y: float, x: float) -> float"],
        "The angle of this tangent, in radians; of two numbers that of the point (x, y), all around.",
    ),
    ("atanh", &["(number: float) -> float"], "The inverse of `tanh`; no number outside of -1 to 1."),
    ("cos", &["(angle: float) -> float"], "The cosine of an angle in radians."),
    ("cosh", &["(number: float) -> float"], "The hyperbolic cosine."),
    ("sin", &["(angle: float) -> float"], "The sine of an angle in radians."),
    ("sinh", &["(number: float) -> float"], "The hyperbolic sine."),
    ("tan", &["(angle: float) -> float"], "The tangent of an angle in radians."),
    ("tanh", &["(number: float) -> float"], "The hyperbolic tangent."),
    ("to_degrees", &["(angle: float) -> float"], "An angle in degrees, given in radians."),
    ("to_radians", &["(angle: float) -> float"], "An angle in radians, given in degrees."),
    // Numbers: bits, of which 0 is the lowest, 63 the highest, and -1 the highest as well; others are an error.
    (
        "bits",
        &["(number: int, range: Range<int>) -> ?", "(number: int, start: int) -> ?", "(number: int, start: int, len: int) -> ?"],
        "Some of the 64 bits as `true` and `false`, the lowest first, for a `for`.",
    ),
    ("get_bit", &["(number: int, bit: int) -> bool"], "Whether this bit is set; an error if there is no such bit."),
    (
        "get_bits",
        &["(number: int, range: Range<int>) -> int", "(number: int, start: int, len: int) -> int"],
        "The number that these bits make; an error if they start outside of the 64.",
    ),
    (
        "set_bit",
        &["(number: int, bit: int, on: bool) -> ()"],
        "Sets this bit or clears it, in place; an error if there is no such bit.",
    ),
    (
        "set_bits",
        &["(number: int, range: Range<int>, other: int) -> ()", "(number: int, start: int, len: int, other: int) -> ()"],
        "Puts the lowest bits of another number in the place of these, in place; an error if they start outside of the 64.",
    ),
    // Bytes: positions count from 0, and negative ones from the end. Of a number that is no byte, the lowest 8 bits count.
    (
        "append",
        &[
            "(bytes: Blob, more: Blob) -> ()",
            "(bytes: Blob, text: String) -> ()",
            "(bytes: Blob, character: char) -> ()",
            "(bytes: Blob, byte: int) -> ()",
        ],
        "Adds bytes to the end, in place; a text as UTF-8.",
    ),
    ("as_string", &["(bytes: Blob) -> String"], "The bytes read as UTF-8, with `�` for what is none."),
    (
        "blob",
        &["() -> Blob", "(len: int) -> Blob", "(len: int, byte: int) -> Blob"],
        "So many bytes, all of them 0 or the one given; none without a length.",
    ),
    ("chop", &["(bytes: Blob, len: int) -> ()"], "Keeps at most the last `len` bytes, in place."),
    ("clear", &["(bytes: Blob) -> ()"], "Leaves no bytes, in place."),
    ("contains", &["(bytes: Blob, byte: int) -> bool"], "Whether the byte is among them; `byte in bytes` says the same."),
    (
        "drain",
        &["(bytes: Blob, range: Range<int>) -> Blob", "(bytes: Blob, start: int, len: int) -> Blob"],
        "Takes this part out, in place, and gives it.",
    ),
    (
        "extract",
        &[
            "(bytes: Blob, range: Range<int>) -> Blob",
            "(bytes: Blob, start: int) -> Blob",
            "(bytes: Blob, start: int, len: int) -> Blob",
        ],
        "A copy of a part of the bytes; what lies behind their end is left out.",
    ),
    ("get", &["(bytes: Blob, index: int) -> int"], "The byte at this position; 0 behind the end."),
    (
        "insert",
        &["(bytes: Blob, index: int, byte: int) -> ()"],
        "Puts a byte before the one at this position, in place; at the end if there is none.",
    ),
    (
        "pad",
        &["(bytes: Blob, len: int, byte: int) -> ()"],
        "Adds the byte until there are `len`, in place; more stay as they are.",
    ),
    (
        "parse_be_float",
        &["(bytes: Blob, range: Range<int>) -> float", "(bytes: Blob, start: int, len: int) -> float"],
        "The number that up to 8 bytes make, the highest byte first; missing ones count as 0.",
    ),
    (
        "parse_be_int",
        &["(bytes: Blob, range: Range<int>) -> int", "(bytes: Blob, start: int, len: int) -> int"],
        "The number that up to 8 bytes make, the highest byte first; missing ones at the end count as 0.",
    ),
    (
        "parse_le_float",
        &["(bytes: Blob, range: Range<int>) -> float", "(bytes: Blob, start: int, len: int) -> float"],
        "The number that up to 8 bytes make, the lowest byte first; missing ones count as 0.",
    ),
    (
        "parse_le_int",
        &["(bytes: Blob, range: Range<int>) -> int", "(bytes: Blob, start: int, len: int) -> int"],
        "The number that up to 8 bytes make, the lowest byte first; missing ones at the end count as 0.",
    ),
    ("pop", &["(bytes: Blob) -> int"], "Takes the last byte off, in place, and gives it; 0 if there is none."),
    ("push", &["(bytes: Blob, byte: int) -> ()"], "Adds one byte to the end, in place."),
    (
        "remove",
        &["(bytes: Blob, index: int) -> int"],
        "Takes the byte at this position out, in place, and gives it; 0 if there is none.",
    ),
    (
        "retain",
        &["(bytes: Blob, range: Range<int>) -> Blob", "(bytes: Blob, start: int, len: int) -> Blob"],
        "Keeps only this part, in place, and gives the rest.",
    ),
    ("reverse", &["(bytes: Blob) -> ()"], "Turns the order around, in place."),
    (
        "set",
        &["(bytes: Blob, index: int, byte: int) -> ()"],
        "Puts a byte at this position, in place; nothing happens behind the end.",
    ),
    ("shift", &["(bytes: Blob) -> int"], "Takes the first byte off, in place, and gives it; 0 if there is none."),
    (
        "splice",
        &["(bytes: Blob, range: Range<int>, more: Blob) -> ()", "(bytes: Blob, start: int, len: int, more: Blob) -> ()"],
        "Puts the new bytes in the place of this part, in place; they are added at the end if the part is empty.",
    ),
    (
        "split",
        &["(bytes: Blob, index: int) -> Blob"],
        "Cuts the bytes off at this position, in place, and gives what was behind it; nothing behind the end.",
    ),
    ("to_array", &["(bytes: Blob) -> Array"], "The bytes as a list of numbers."),
    ("truncate", &["(bytes: Blob, len: int) -> ()"], "Keeps at most the first `len` bytes, in place."),
    (
        "write_ascii",
        &["(bytes: Blob, range: Range<int>, text: String) -> ()", "(bytes: Blob, start: int, len: int, text: String) -> ()"],
        "Writes the ASCII characters of a text over this part, in place; it never grows, and others are left out.",
    ),
    (
        "write_be",
        &[
            "(bytes: Blob, range: Range<int>, number: int) -> ()",
            "(bytes: Blob, range: Range<int>, number: float) -> ()",
            "(bytes: Blob, start: int, len: int, number: int) -> ()",
            "(bytes: Blob, start: int, len: int, number: float) -> ()",
        ],
        "Writes the 8 bytes of a number over this part, the highest first, in place; of a shorter part, the first of them.",
    ),
    (
        "write_le",
        &[
            "(bytes: Blob, range: Range<int>, number: int) -> ()",
            "(bytes: Blob, range: Range<int>, number: float) -> ()",
            "(bytes: Blob, start: int, len: int, number: int) -> ()",
            "(bytes: Blob, start: int, len: int, number: float) -> ()",
        ],
        "Writes the 8 bytes of a number over this part, the lowest first, in place; of a shorter part, the first of them.",
    ),
    (
        "write_utf8",
        &["(bytes: Blob, range: Range<int>, text: String) -> ()", "(bytes: Blob, start: int, len: int, text: String) -> ()"],
        "Writes a text as UTF-8 over this part, in place; what does not fit is cut off, even within a character.",
    ),
    // Ranges.
    (
        "contains",
        &["(range: Range<int>, number: int) -> bool"],
        "Whether the number lies in the range; `number in range` says the same.",
    ),
    ("range", &["(from: int, to: int) -> Range<int>"], "The whole numbers from one to before the other, as `from..to`."),
    (
        "range",
        &[
            "(range: Range<int>, step: int) -> ?",
            "(from: int, to: int, step: int) -> ?",
            "(from: float, to: float, step: float) -> ?",
        ],
        "Every so manyth number from one to before the other, for a `for`; downwards with a negative step, and 0 is an error.",
    ),
    // Functions and any value.
    ("Fn", &["(name: String) -> Fn"], "A function by its name, for `call`; that there is one is found out only then."),
    (
        "call",
        &["(function: Fn, ...arguments: ?) -> ?", "(value: ?, function: Fn, ...arguments: ?) -> ?"],
        "Calls a closure or a function; called on another value, that is `this` inside of it.",
    ),
    ("debug", &["(value: ?) -> ()"], "A note in the journal that shows the value as a script would write it."),
    (
        "is_def_fn",
        &["(name: String, arguments: int) -> bool"],
        "Whether the script defines a function of this name with so many arguments.",
    ),
    ("is_def_var", &["(name: String) -> bool"], "Whether a variable of this name is there."),
    ("is_shared", &["(value: ?) -> bool"], "Whether a closure has taken hold of the variable, too."),
    ("print", &["(value: ?) -> ()"], "A note in the journal."),
    ("set tag", &["(value: ?, tag: int) -> ()"], "Sticks a number of 32 bits to the value, in place, as `set_tag` does."),
    ("set_tag", &["(value: ?, tag: int) -> ()"], "Sticks a number of 32 bits to the value, in place; an error if it is greater."),
    ("take", &["(value: ?) -> ?"], "Gives the value, and leaves `()` in its place."),
    ("to_debug", &["(value: ?) -> String"], "The value as a script would write it: a text with its quotes."),
    ("to_string", &["(value: ?) -> String"], "The value as a text, as `${value}` shows it; `()` is an empty one."),
    (
        "type_of",
        &["(value: ?) -> String"],
        "The name of the type, such as `\"i64\"`, `\"f64\"`, `\"string\"`, `\"array\"`, `\"map\"` or `\"()\"`.",
    ),
];

/// The definition file of both.
pub(super) fn text() -> String {
    let mut text = String::from("module static;\n");
    for (name, ways, does) in PROPERTIES {
        for way in *ways {
            text.push_str(&format!("\n/// {does}\nfn get {name}{way};\n\n/// {does}\nfn {name}{way};\n"));
        }
    }
    for (name, ways, does) in FUNCTIONS {
        for way in *ways {
            text.push_str(&format!("\n/// {does}\nfn {name}{way};\n"));
        }
    }
    text
}
