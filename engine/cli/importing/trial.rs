//! The first tests of a runbook that was imported.

use std::fmt::Write as _;

use super::comment::comment;
use super::writer::Writer;

/// The tests of a skeleton: it goes to its end, and a no stops it before anything is run.
pub(super) fn tests(name: &str, writer: &Writer<'_>) -> String {
    let params: Vec<_> = writer.parameters.keys().map(|name| format!("{name}: \"x\"")).collect();
    let params = if params.is_empty() { String::new() } else { format!("#{{ {} }}", params.join(", ")) };
    let [_, commands, questions] = writer.counts;
    let mut text = comment(
        "//!",
        &format!("What `runbook test {name}` tries out, in a scripted world. Written by `runbook import`: add what must hold."),
        0,
    );
    let _infallible = write!(
        text,
        "\ntest(\"it goes from its first step to its last\", || {{\n    let ran = run({params});\n    assert_eq(ran.status, \"completed\");\n    \
         assert_eq(ran.changes.len(), {commands});\n    assert_eq(ran.asked.len(), {questions});\n}});\n"
    );
    if questions > 0 {
        let _infallible = write!(
            text,
            "\ntest(\"nothing is run when the first answer is no\", || {{\n    given(\"*\", #{{ says: \"no\" }});\n    let ran = run({params});\n    \
             assert_eq(ran.status, \"declined\");\n    assert_eq(ran.changes, []);\n}});\n"
        );
    }
    text
}
