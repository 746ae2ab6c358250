//! What Rhai has and what the engine adds to it, as definition files for the Rhai language server.
//!
//! From the same tables as the checks and the reference: what an editor completes is what `runbook check` accepts.

#[cfg(test)]
mod edges;
mod operators;
mod rhai;

use crate::script::language::schema::{Table, table};
use crate::script::language::vocabulary;

/// One way to call a function, with what it does where no table says so.
type Signature = (&'static str, &'static [&'static str], &'static str);

const STEPS: &[Signature] = &[
    ("runbook", &["(head: Map) -> Map"], ""),
    ("check", &["(name: String, look: Fn) -> ?", "(name: String, look: Fn, options: Map) -> ?"], ""),
    ("command", &["(name: String, options: Map) -> ?"], ""),
    ("confirm", &["(question: String) -> ?", "(question: String, options: Map) -> ?"], ""),
    ("rollback", &["(name: String, way: ?) -> ()"], ""),
    ("phase", &["(name: String, steps: Fn) -> ?", "(name: String, options: Map, steps: Fn) -> ?"], ""),
    (
        "parallel",
        &["(name: String, items: Array, branch: Fn) -> Array", "(name: String, items: Array, options: Map, branch: Fn) -> Array"],
        "",
    ),
    ("hosts", &["(group: String) -> Array"], "The hosts of a group of `runbook.toml`."),
    ("secret", &["(name: String) -> ?"], "A secret by its name in `[secrets]`: handed over where it is needed, never text."),
    ("attempt", &["(body: Fn) -> Map"], "Gives `#{ ok, value, error }`: a failure as a value."),
    (
        "sh",
        &["(line: String) -> Array", "(line: String, values: Map) -> Array"],
        "A line for a shell, as an argv. The values arrive as variables, and are never pasted into the line.",
    ),
];

const LOOKS: &[Signature] = &[
    ("clock::now", &["() -> String"], "The time, in UTC, as RFC 3339."),
    ("dns::resolve", &["(name: String) -> Array"], "The addresses of a name."),
    ("env::get", &["(name: String) -> String"], "A variable of the engine's environment."),
    ("exec::output", &["(argv: Array) -> ?", "(argv: Array, options: Map) -> ?"], ""),
    ("fs::exists", &["(path: String) -> bool"], "Whether something is there."),
    ("fs::list", &["(path: String) -> Array"], "The names in a directory, sorted."),
    ("fs::read", &["(path: String) -> String"], "The text of a file."),
    ("fs::read_link", &["(path: String) -> String"], "The target of a symbolic link."),
    ("fs::stat", &["(path: String) -> Map"], "Gives `#{ kind, size, mode }`."),
    ("http::get", &["(url: String) -> ?", "(url: String, options: Map) -> ?"], ""),
    ("http::head", &["(url: String) -> ?", "(url: String, options: Map) -> ?"], ""),
    ("process::find", &["(name: String) -> Array"], "The processes of a name."),
    ("tcp::open", &["(address: String) -> bool", "(address: String, options: Map) -> bool"], ""),
];

const TESTS: &[Signature] = &[
    ("given", &["(all: Map) -> ()", "(what: String, answer: ?) -> ()"], ""),
    ("test", &["(name: String, body: Fn) -> ()"], "One test: what it gives holds inside of it."),
    ("run", &["() -> ?", "(params: Map) -> ?"], "Performs the runbook in a scripted world, and rolls it back afterwards."),
    ("assert", &["(holds: bool) -> ()", "(holds: bool, why: String) -> ()"], "It is `true`."),
    ("assert_eq", &["(found: ?, wanted: ?) -> ()"], "Both are the same."),
    ("assert_has", &["(whole: ?, part: ?) -> ()"], "A text holds a text, a list an item."),
];

/// The files by their names: what Rhai has, what the engine adds, and each module of looks.
#[must_use]
pub fn definitions() -> Vec<(String, String)> {
    let mut files =
        vec![("__static__.d.rhai".to_owned(), rhai::file()), ("__builtin-operators__.d.rhai".to_owned(), operators::text())];
    let mut own = String::from("module static;\n\n/// The settings of `runbook.toml`.\nconst settings: Map;\n");
    STEPS.iter().for_each(|signature| define(&mut own, signature));
    files.push(("runbook.d.rhai".to_owned(), own));
    let mut tests = String::from("module static;\n");
    TESTS.iter().for_each(|signature| define(&mut tests, signature));
    files.push(("runbook-test.d.rhai".to_owned(), tests));
    for (space, _) in vocabulary::MODULES {
        let mut text = format!("module {space};\n");
        let inside = LOOKS.iter().filter(|(name, ..)| name.split_once("::").is_some_and(|(module, _)| module == space));
        inside.for_each(|signature| define(&mut text, signature));
        files.push((format!("{space}.d.rhai"), text));
    }
    files
}

fn define(text: &mut String, (name, ways, does): &Signature) {
    let of: &Table = table(name);
    let mut lines = Vec::new();
    if does.is_empty() {
        lines.push(format!("{}.", capital(of.help)));
        lines.push(String::new());
        lines.push(format!("`{}`", of.usage));
    } else {
        lines.push((*does).to_owned());
    }
    if !of.options.is_empty() {
        lines.push(String::new());
        for option in of.options {
            let required = if option.required { " (required)" } else { "" };
            lines.push(format!("- `{}`: {}; {}{required}", option.name, option.kind.wanted(), option.help));
        }
    }
    let comment: String = lines.iter().map(|line| format!("/// {line}").trim_end().to_owned() + "\n").collect();
    let plain = name.rsplit("::").next().unwrap_or(name);
    for way in *ways {
        text.push_str(&format!("\n{comment}fn {plain}{way};\n"));
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::script::language::sandbox;
    use crate::script::reading::engine_functions::engine_functions;
    use crate::script::{schema, test_schema, testing};

    /// How many arguments a way of calling takes.
    fn arity(way: &str) -> usize {
        let inside = way.trim_start_matches('(').split_once(')').map(|(inside, _)| inside).unwrap_or_default();
        if inside.is_empty() { 0 } else { inside.split(", ").count() }
    }

    /// What the engine has, and the tables of Rhai leave out: it belongs to the results of looks, which are the engine's own.
    const OF_LOOKS: [&str; 14] = [
        "get body",
        "get code",
        "get duration",
        "get head",
        "get headers",
        "get lines",
        "get millis",
        "get ok",
        "get size",
        "get status",
        "get stderr",
        "get stdout",
        "get tail",
        "json",
    ];

    /// The names of the tables of Rhai with the numbers of arguments that their ways take.
    fn described() -> BTreeMap<String, BTreeSet<usize>> {
        let mut described = BTreeMap::<String, BTreeSet<usize>>::new();
        for (name, ways, _) in rhai::FUNCTIONS.into_iter().flatten().chain(rhai::PROPERTIES) {
            described.entry((*name).to_owned()).or_default().extend(ways.iter().map(|way| arity(way)));
        }
        for (name, ways, _) in rhai::PROPERTIES {
            described.entry(format!("get {name}")).or_default().extend(ways.iter().map(|way| arity(way)));
        }
        described
    }

    #[test]
    fn every_function_of_rhai_is_described_and_no_other() {
        let mut described = described();
        // Rhai marks what reads and writes a property by a `$`: `get$len`.
        let mut there: BTreeMap<_, _> =
            engine_functions().iter().map(|(name, taken)| (name.replace('$', " "), taken.clone())).collect();
        for name in vocabulary::NAMES {
            assert!(there.remove(name).is_some(), "`{name}` is no function of the engine");
        }
        for name in OF_LOOKS {
            assert!(there.remove(name).is_some(), "`{name}` is no exception any more");
        }
        there.retain(|name, _| !vocabulary::BLOCKED.iter().any(|(word, _)| word == name));
        // Of the words that the language has built in, the engine says no numbers of arguments.
        for name in there.iter().filter(|(_, taken)| taken.is_empty()).map(|(name, _)| name) {
            described.entry(name.clone()).and_modify(BTreeSet::clear);
        }
        let missing: Vec<_> = there.iter().filter(|(name, taken)| described.get(*name) != Some(*taken)).collect();
        let invented: Vec<_> = described.iter().filter(|(name, taken)| there.get(*name) != Some(*taken)).collect();
        assert!(missing.is_empty() && invented.is_empty(), "Rhai has {missing:?}, and described is {invented:?}");
    }

    #[test]
    fn each_way_of_calling_is_written_once_on_one_line() {
        let mut seen = BTreeSet::new();
        for (name, ways, does) in rhai::FUNCTIONS.into_iter().flatten().chain(rhai::PROPERTIES) {
            assert!(does.ends_with(['.', '…']) && !does.contains('\n'), "{name}: {does}");
            for way in *ways {
                assert!(seen.insert(format!("{name}{way}")), "{name}{way} stands there twice");
            }
        }
    }

    /// The language server takes no keyword for a name, nor what Rhai keeps for later, such as `new`.
    #[test]
    fn arguments_have_names_that_rhai_takes() {
        let engine = sandbox::bare();
        for (name, ways, _) in [STEPS, LOOKS, TESTS, rhai::PROPERTIES].into_iter().chain(rhai::FUNCTIONS).flatten() {
            for way in *ways {
                let inside = way.trim_start_matches('(').split_once(')').map(|(inside, _)| inside).unwrap_or_default();
                let names =
                    inside.split(", ").filter_map(|one| one.split_once(": ")).map(|(name, _)| name.trim_start_matches('.'));
                let written = format!("fn f({}) {{}}", names.collect::<Vec<_>>().join(", "));
                engine.compile(&written).unwrap_or_else(|error| panic!("{name}{way}: {error}"));
            }
        }
    }

    #[test]
    fn what_editors_complete_is_what_the_check_accepts() {
        let all: BTreeMap<_, _> = STEPS.iter().chain(LOOKS).map(|(name, ways, _)| (*name, *ways)).collect();
        let looks =
            vocabulary::MODULES.iter().flat_map(|(space, names)| names.iter().map(move |name| format!("{space}::{name}")));
        let names: Vec<_> = vocabulary::NAMES.iter().map(|name| (*name).to_owned()).chain(looks).collect();
        assert_eq!(all.len(), names.len());
        for name in &names {
            let ways = all.get(name.as_str()).unwrap_or_else(|| panic!("`{name}` has no definition"));
            let taken: Vec<_> = vocabulary::arguments(name).into_iter().flatten().collect();
            assert_eq!(ways.iter().map(|way| arity(way)).collect::<Vec<_>>(), taken, "{name}");
        }
        for (word, taken) in testing::WORDS {
            let (_, ways, _) = TESTS.iter().find(|(name, ..)| *name == word).unwrap_or_else(|| panic!("{word}"));
            assert_eq!(ways.iter().map(|way| arity(way)).collect::<Vec<_>>(), taken, "{word}");
        }
        assert_eq!(TESTS.len(), testing::WORDS.len());
        let text: String = definitions().into_iter().map(|(_, text)| text).collect();
        for table in schema().iter().chain(test_schema()).filter(|table| table.argument.is_some() && table.name != "given.all") {
            for option in table.options {
                assert!(text.contains(&format!("/// - `{}`: {}", option.name, option.kind.wanted())), "{}", option.name);
            }
        }
        assert!(text.contains("fn trim(") && text.contains("fn get len(") && text.contains("op +(int, int) -> int;"));
        assert!(vocabulary::BLOCKED.iter().all(|(word, _)| !text.contains(&format!("fn {word}("))));
    }
}
