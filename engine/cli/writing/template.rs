//! What a new runbook begins with.

use std::fmt::Write as _;

use super::sketch::Sketch;
use crate::literal::quoted;

/// A runbook with one step of each kind, and tests for it.
#[must_use]
pub fn template(name: &str, title: &str, owner: &str, params: &[String]) -> Sketch {
    let mut head = format!("    title: {},\n    owner: {},\n", quoted(title), quoted(owner));
    if !params.is_empty() {
        head.push_str("    params: #{\n");
        for param in params {
            // A value that begins with `-` would be an option of the program that gets it.
            let _infallible = writeln!(head, "        {param}: #{{ help: \"say what it is for\", pattern: \"[^-].*\" }},");
        }
        head.push_str("    },\n");
    }
    let shown: String = params.iter().map(|param| format!(" + \" {param}=\" + p.{param}")).collect();
    let titled = title.replace(char::is_control, " ");
    let runbook = filled(TEMPLATE, &[("@TITLE@", &titled), ("@HEAD@", &head), ("@SHOWN@", &shown)]);
    let given: Vec<_> = params.iter().map(|param| format!("{param}: \"x\"")).collect();
    let given = if given.is_empty() { String::new() } else { format!("#{{ {} }}", given.join(", ")) };
    let tests = TESTS.replace("@NAME@", name).replace("@GIVEN@", &given);
    Sketch { name: name.to_owned(), runbook, tests }
}

/// The template with a value in the place of each mark. A mark that stands in a value is text.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let (mut text, mut rest) = (String::new(), template);
    let nearest = |rest: &str| values.iter().filter_map(|(mark, value)| Some((rest.find(mark)?, *mark, *value))).min();
    while let Some((at, mark, value)) = nearest(rest) {
        text.push_str(&rest[..at]);
        text.push_str(value);
        rest = &rest[at + mark.len()..];
    }
    text + rest
}

const TEMPLATE: &str = r#"//! @TITLE@
//!
//! Say here when somebody needs this, and what has to be true before. `runbook help` lists the verbs; the language is in the book.

let p = runbook(#{
@HEAD@});

// A check looks and never changes anything. What it gives is recorded, and the same after a crash.
let begun = check("note the time", || clock::now());

// A person reads this before anything is changed.
confirm("Go on?", #{
    details: "Begun at " + begun@SHOWN@ + ". Say here what will be changed, and how one sees that it went well.",
});

// A command changes something. How it is rolled back is written down before it is run.
command("say hello", #{
    run: ["echo", "hello"],
    rollback: ["echo", "goodbye"],
    // After a crash in mid-command it is simply run again. Where that would do harm, use `settled_by` instead.
    idempotent: true,
});

// `within`: it is asked again until it passes. `assume`: what a rehearsal takes for the answer, as the command is withheld there.
check("it went well", || clock::now() != "", #{ within: "10s", assume: true });
"#;

const TESTS: &str = r#"//! What `runbook test @NAME@` tries out: the engine is the real one, the world is scripted, and nothing real is touched.

test("it goes to its end, and back", || {
    let ran = run(@GIVEN@);
    assert_eq(ran.status, "completed");
    assert_eq(ran.changes, ["echo hello"]);
    assert_eq(ran.rollback.changes, ["echo goodbye"]);
});

test("nothing is changed when the answer is no", || {
    given("Go on?", #{ says: "no" });
    let ran = run(@GIVEN@);
    assert_eq(ran.status, "declined");
    assert_eq(ran.changes, []);
});
"#;
