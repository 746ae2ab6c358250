//! The words of the language: the functions of the engine, and the words of Rhai that it does without.

use std::ops::RangeInclusive;

/// The functions of the engine that stand in no module; a script may not define its own of these names.
pub(in crate::script) const NAMES: [&str; 11] =
    ["attempt", "check", "command", "confirm", "hosts", "parallel", "phase", "rollback", "runbook", "secret", "sh"];

/// The function that names a secret.
pub(in crate::script) const SECRET: &str = "secret";

/// Those of [`NAMES`] that ask for a step, or for a phase of steps.
pub(in crate::script) const STEPS: [&str; 6] = ["check", "command", "confirm", "parallel", "phase", "rollback"];

/// How many arguments a function of the engine takes: one of [`NAMES`], or of [`MODULES`] with its module.
pub(in crate::script) fn arguments(name: &str) -> Option<RangeInclusive<usize>> {
    Some(match name {
        "attempt" | "hosts" | "runbook" | SECRET => 1..=1,
        "check" | "phase" => 2..=3,
        "command" | "rollback" => 2..=2,
        "confirm" | "sh" => 1..=2,
        "parallel" => 3..=4,
        _ => {
            let (space, name) = name.split_once("::")?;
            let (_, _, subjects, has_options) = LOOKS.into_iter().find(|look| look.0 == space && look.1 == name)?;
            subjects..=subjects + usize::from(has_options)
        }
    })
}

/// The modules of the engine that need no `import`, with their functions: looks at the world.
pub(in crate::script) const MODULES: [(&str, &[&str]); 8] = [
    ("clock", &["now"]),
    ("dns", &["resolve"]),
    ("env", &["get"]),
    ("exec", &["output"]),
    ("fs", &["exists", "list", "read", "read_link", "stat"]),
    ("http", &["get", "head"]),
    ("process", &["find"]),
    ("tcp", &["open"]),
];

/// The functions of these modules: module, name, how many arguments come before the options, whether it has options.
pub(in crate::script) const LOOKS: [(&str, &str, usize, bool); 13] = [
    ("clock", "now", 0, false),
    ("dns", "resolve", 1, false),
    ("env", "get", 1, false),
    ("exec", "output", 1, true),
    ("fs", "exists", 1, false),
    ("fs", "list", 1, false),
    ("fs", "read", 1, false),
    ("fs", "read_link", 1, false),
    ("fs", "stat", 1, false),
    ("http", "get", 1, true),
    ("http", "head", 1, true),
    ("process", "find", 1, false),
    ("tcp", "open", 1, true),
];

/// Words of Rhai that a script may not use, with the way out.
pub(in crate::script) const BLOCKED: [(&str, &str); 8] = [
    ("eval", "write the code itself: a script that makes code cannot be reviewed"),
    ("curry", "write a closure: `|| f(x)`"),
    ("exit", "let the script end, or `throw` an error"),
    ("sleep", "wait for something: a check with `within`, such as `check(\"it is up\", || …, #{ within: \"2m\" })`"),
    ("timestamp", "tell the time in a check: `let now = check(\"the time\", || clock::now());`"),
    ("elapsed", "the journal records how long each step took"),
    ("back_trace", "errors already name the calls that led to them"),
    ("get_fn_metadata_list", "name the function that you want to call"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_how_many_arguments_each_function_takes() {
        for name in NAMES {
            assert!(arguments(name).is_some(), "{name}");
        }
        for (space, names) in MODULES {
            for name in names {
                assert!(arguments(&format!("{space}::{name}")).is_some(), "{space}::{name}");
            }
        }
        assert!(STEPS.iter().all(|step| NAMES.contains(step)));
    }
}
