//! The functions of a program: where they stand, how long they are, and what they are called.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// The functions of a program.
pub(super) struct Symbols(Vec<Symbol>);

struct Symbol {
    place: u64,
    size: u64,
    name: String,
}

impl Symbols {
    /// As `nm` (of binutils) lists them.
    pub(super) fn of(program: &Path) -> Result<Self, String> {
        let listed =
            Command::new("nm").args(["-S", "--defined-only"]).arg(program).output().map_err(|error| format!("nm: {error}"))?;
        let text = String::from_utf8(listed.stdout).map_err(|error| format!("nm: {error}"))?;
        let symbols: Vec<_> = text.lines().filter_map(Symbol::read).collect();
        if symbols.is_empty() {
            return Err(format!("{} has no functions with names", program.display()));
        }
        Ok(Self(symbols))
    }

    /// Where they begin, from the beginning of the program.
    pub(super) fn places(&self) -> BTreeSet<u64> {
        self.0.iter().map(|symbol| symbol.place).collect()
    }

    /// The length of each, in bytes; of several with one name, that of all.
    pub(super) fn sizes(&self) -> BTreeMap<&str, u64> {
        let mut sizes = BTreeMap::new();
        for symbol in &self.0 {
            *sizes.entry(symbol.name.as_str()).or_default() += symbol.size;
        }
        sizes
    }

    /// What stands at these places. Several functions with the same code may share one.
    pub(super) fn names_at(&self, places: &BTreeSet<u64>) -> BTreeSet<&str> {
        self.0.iter().filter(|symbol| places.contains(&symbol.place)).map(|symbol| symbol.name.as_str()).collect()
    }
}

impl Symbol {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (place, size, kind, name) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let number = |word| u64::from_str_radix(word, 16).ok();
        matches!(kind, "t" | "T" | "w" | "W").then_some(Self { place: number(place)?, size: number(size)?, name: lasting(name) })
    }
}

/// A name without what changes with the compiler and with the versions of packages: `Cs` and a number before the name of a package
/// (<https://doc.rust-lang.org/rustc/symbol-mangling/v0.html>), and what LLVM appends to make names unique.
fn lasting(name: &str) -> String {
    let name = name.split_once(".llvm.").map_or(name, |(name, _)| name);
    let mut lasting = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find("Cs") {
        let (before, behind) = rest.split_at(at + 2);
        lasting.push_str(before);
        rest = behind;
        let number = behind.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(behind.len());
        if behind[number..].starts_with('_') && behind[number + 1..].starts_with(|letter: char| letter.is_ascii_digit()) {
            lasting.push('*');
            rest = &behind[number..];
        }
    }
    lasting + rest
}
