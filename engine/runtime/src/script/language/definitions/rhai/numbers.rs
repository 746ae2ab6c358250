//! Numbers: `int` has 64 bits and a sign, `float` has 64 bits.

use super::Signature;

pub(super) const NUMBERS: &[Signature] = &[
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
];
