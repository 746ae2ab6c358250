//! Text: positions count characters from 0, and negative ones from the end.

use super::Signature;

pub(super) const TEXT: &[Signature] = &[
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
];
