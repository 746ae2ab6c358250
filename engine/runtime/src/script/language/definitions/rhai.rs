//! What Rhai itself has, as far as a runbook may call it, in words of our own.
//!
//! Rhai can describe its functions only with its feature `metadata`, which makes every start of the program longer. The tests
//! of `definitions` compare these tables with what the engine has.
//!
//! A range with its end (`1..=5`) goes wherever one without (`1..5`) goes; both are written `Range<int>`. What can only be
//! gone through by `for` has no name in a runbook and is written `?`.

mod bytes;
mod lists;
mod maps;
mod numbers;
mod properties;
mod text;
mod values;

use super::Signature;

/// What is read without brackets.
pub(super) const PROPERTIES: &[Signature] = properties::PROPERTIES;

/// What is called, by what it is called on.
pub(super) const FUNCTIONS: [&[Signature]; 6] =
    [text::TEXT, lists::LISTS, maps::MAPS, numbers::NUMBERS, bytes::BYTES, values::VALUES];

/// The definition file of both.
pub(super) fn file() -> String {
    let mut text = String::from("module static;\n");
    for (name, ways, does) in PROPERTIES {
        for way in *ways {
            text.push_str(&format!("\n/// {does}\nfn get {name}{way};\n\n/// {does}\nfn {name}{way};\n"));
        }
    }
    for (name, ways, does) in FUNCTIONS.into_iter().flatten() {
        for way in *ways {
            text.push_str(&format!("\n/// {does}\nfn {name}{way};\n"));
        }
    }
    text
}
