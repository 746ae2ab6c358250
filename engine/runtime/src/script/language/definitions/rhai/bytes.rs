//! Bytes: positions count from 0, and negative ones from the end. Of a number that is no byte, the lowest 8 bits count.

use super::Signature;

pub(super) const BYTES: &[Signature] = &[
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
];
