//! What is read without brackets, such as `x.len`; each can be called like a function, too.

use super::Signature;

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
