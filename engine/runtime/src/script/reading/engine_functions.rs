//! The functions that Rhai and the engine have, and how many arguments each takes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use rhai::FuncInfo;

use crate::script::language::shared_functions::SharedFunctions;
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
        engine.register_global_module(SharedFunctions::of(answers::teach));
        let known = RefCell::new(BTreeMap::<String, BTreeSet<usize>>::new());
        // Nothing is listed: what is known of a name is added to where it stands, and most names are met several times.
        let met = |info: FuncInfo| -> Option<()> {
            let (name, arguments) = (info.metadata.name.as_str(), info.metadata.num_params);
            if name.starts_with(|c: char| c.is_alphabetic()) {
                let mut known = known.borrow_mut();
                match known.get_mut(name) {
                    Some(numbers) => drop(numbers.insert(arguments)),
                    None => drop(known.insert(name.to_owned(), BTreeSet::from([arguments]))),
                }
            }
            None
        };
        engine.collect_fn_metadata(None, met, true);
        let mut known = known.into_inner();
        for name in vocabulary::NAMES {
            known.insert(name.to_owned(), vocabulary::arguments(name).into_iter().flatten().collect());
        }
        for word in WORDS {
            known.insert(word.to_owned(), BTreeSet::new());
        }
        known
    })
}
