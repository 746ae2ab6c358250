//! The order of the program: `engine/cli/order.txt`, by which the linker puts together what a start needs.
//!
//! The kernel maps a program sixteen pages at a time around each that is touched. What a run of one step calls is a fifth of the code;
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
# What a short run calls: the linker puts these functions together (`engine/cli/build.rs`), those of its keeper first, who needs few.
# Names begin like this, `*` stands for anything. Made by `cargo bench --bench costs -- --order`; a name that is gone does no harm.
";

/// Looks at what short runs call, and writes the list.
pub(crate) fn write() -> Result<(), String> {
    let program = crate::place::program();
    let symbols = Symbols::of(program)?;
    let place = Place::with(&ours::steps(1))?;
    let (mut engine, mut keeper) = (BTreeSet::new(), BTreeSet::new());
    // The first makes the state directory and the trail; the others find them, and an earlier run.
    for arguments in [&["exec", "main"][..], &["exec", "main"], &["exec", "main", "--unsealed", "costs"]] {
        let mut called = called::by(&place.ours(arguments), program, &symbols.places())?.into_iter();
        engine.extend(called.next().ok_or("nothing was run")?);
        keeper.extend(called.flatten());
    }
    let mut list = HEAD.to_owned();
    for called in [&keeper, &engine.difference(&keeper).copied().collect()] {
        for prefix in prefixes::of(&symbols.sizes(), &symbols.names_at(called)) {
            list.push_str(&prefix);
            list.push('\n');
        }
    }
    std::fs::write(LIST, &list).map_err(|error| format!("{LIST}: {error}"))?;
    let counts = format!("{} functions are called, {} of them by the keeper", engine.union(&keeper).count(), keeper.len());
    crate::output::tell(&format!("{counts}; {} lines in {LIST}", list.lines().count()));
    Ok(())
}
