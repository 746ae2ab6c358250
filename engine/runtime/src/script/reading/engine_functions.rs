//! The functions that Rhai and the engine have, and how many arguments each takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::script::language::{sandbox, vocabulary};
use crate::script::values::answers;

/// Words of Rhai that look like functions and take what they take.
const WORDS: [&str; 9] = ["Fn", "call", "print", "debug", "type_of", "is_def_var", "is_def_fn", "is_shared", "json"];

/// Every function by its name, with the numbers of arguments that it can take; none means that nothing is known.
/// A value on which it is called, as in `x.len()`, counts. Collected once: listing them takes milliseconds.
pub(in crate::script) fn engine_functions() -> &'static BTreeMap<String, BTreeSet<usize>> {
    static FUNCTIONS: OnceLock<BTreeMap<String, BTreeSet<usize>>> = OnceLock::new();
    FUNCTIONS.get_or_init(|| {
        let mut engine = sandbox::bare();
        answers::register(&mut engine);
        let listed =
            engine.collect_fn_metadata(None, |info| Some((info.metadata.name.to_string(), info.metadata.num_params)), true);
        let mut known = BTreeMap::<String, BTreeSet<usize>>::new();
        for (name, arguments) in listed {
            if name.starts_with(|c: char| c.is_alphabetic()) {
                known.entry(name).or_default().insert(arguments);
            }
        }
        for name in vocabulary::NAMES {
            known.insert(name.to_owned(), vocabulary::arguments(name).into_iter().flatten().collect());
        }
        for word in WORDS {
            known.insert(word.to_owned(), BTreeSet::new());
        }
        known
    })
}
