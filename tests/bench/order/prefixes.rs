//! Few beginnings of names that together stand for many names.

use std::collections::{BTreeMap, BTreeSet};

/// So much that was not asked for may stand behind a prefix, for each byte that was.
const BESIDE: f64 = 0.1;
/// A prefix that is shorter says nothing: `_R` is how all names begin.
const SHORTEST: usize = 6;

/// Prefixes of `wanted`, and of little else among `all`, which has the length of each; as short as can be.
pub(super) fn of(all: &BTreeMap<&str, u64>, wanted: &BTreeSet<&str>) -> Vec<String> {
    let names: Vec<_> = all.iter().map(|(name, size)| (*name, *size, wanted.contains(name))).collect();
    let mut found = Vec::new();
    below(&names, SHORTEST, 0, &mut found);
    found
}

/// `names` are sorted, and all begin with the same `shared` bytes; no others begin with the same `enough` bytes.
#[expect(clippy::cast_precision_loss, reason = "some megabytes")]
fn below(names: &[(&str, u64, bool)], enough: usize, shared: usize, found: &mut Vec<String>) {
    let bytes = |called: bool| names.iter().filter(|name| name.2 == called).map(|name| name.1).sum::<u64>() as f64;
    let Some(&(first, _, called)) = names.first() else { return };
    if !names.iter().any(|name| name.2) {
        return;
    }
    let enough = enough.max(named(first));
    if shared >= enough && bytes(false) <= BESIDE * bytes(true) {
        found.push(format!("{}*", first[..enough].trim_end_matches('*')));
        return;
    }
    let mut rest = names;
    if first.len() == shared {
        if called {
            found.push(first.to_owned());
        }
        rest = &names[1..];
    }
    while let Some((first, ..)) = rest.first() {
        let alike = rest.partition_point(|(name, ..)| name.as_bytes()[shared] <= first.as_bytes()[shared]);
        let (group, others) = rest.split_at(alike);
        below(group, SHORTEST.max(shared + 1), common(group), found);
        rest = others;
    }
}

/// Where the name of the first package in it ends: what is cut off before that would stand for every package.
fn named(name: &str) -> usize {
    let Some((before, behind)) = name.split_once("Cs*_") else { return 0 };
    let digits = behind.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(behind.len());
    let length = behind[..digits].parse().unwrap_or(0);
    name.len().min(before.len() + "Cs*_".len() + digits + length)
}

/// How many bytes all of them begin with.
fn common(names: &[(&str, u64, bool)]) -> usize {
    let (Some((first, ..)), Some((last, ..))) = (names.first(), names.last()) else { return 0 };
    first.bytes().zip(last.bytes()).take_while(|(one, other)| one == other).count()
}
