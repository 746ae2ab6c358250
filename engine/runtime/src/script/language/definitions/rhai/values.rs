//! Ranges, functions and what goes for any value.

use super::Signature;

pub(super) const VALUES: &[Signature] = &[
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
