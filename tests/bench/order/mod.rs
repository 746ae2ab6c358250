//! The order of the program: `engine/cli/order.txt`, by which the linker puts together what a start needs.
//!
//! The kernel maps a program sixteen pages at a time around each that is touched. What a run of one step calls is a sixth of the code;
//! scattered over all of it, it had three quarters of it mapped.

mod called;
mod prefixes;
mod symbols;

use std::collections::BTreeSet;

use crate::ours;
use crate::place::Place;
use symbols::Symbols;

/// Where the list is kept.
const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/engine/cli/order.txt");

/// What stands above it.
const HEAD: &str = "\
# What a short run calls, its keeper with it: the linker puts these functions together (`engine/cli/build.rs`).
# Names begin like this, `*` stands for anything. Made by `cargo bench --bench costs -- --order`; a name that is gone does no harm.
";

/// Looks at what short runs call, and writes the list.
pub(crate) fn write() -> Result<(), String> {
    let program = crate::place::program();
    let symbols = Symbols::of(program)?;
    let place = Place::with(&ours::steps(1))?;
    let mut called = BTreeSet::new();
    // The first makes the state directory and the trail; the others find them, and an earlier run.
    for arguments in [&["exec", "main"][..], &["exec", "main"], &["exec", "main", "--unsealed", "costs"]] {
        called.extend(called::by(&place.ours(arguments), program, &symbols.places())?);
    }
    let mut list = HEAD.to_owned();
    for prefix in prefixes::of(&symbols.sizes(), &symbols.names_at(&called)) {
        list.push_str(&prefix);
        list.push('\n');
    }
    std::fs::write(LIST, &list).map_err(|error| format!("{LIST}: {error}"))?;
    crate::output::tell(&format!("{} functions are called; {} lines in {LIST}", called.len(), list.lines().count()));
    Ok(())
}
