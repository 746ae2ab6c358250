//! A place with one of the project's runbooks in it, as a team would have it.

use std::fs;
use std::path::Path;

use crate::support::Place;

/// A place with this runbook of the project, and these lines below `[settings]`.
pub(crate) fn place(name: &str, settings: &str) -> Place {
    let place = Place::new();
    place.write("runbook.toml", &format!("[settings]\n{settings}\n"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("runbooks/{name}.rhai"));
    place.write(&format!("runbooks/{name}.rhai"), &fs::read_to_string(source).expect("a runbook of the project"));
    place
}

/// A list as TOML (and Rhai, and JSON) has it.
pub(crate) fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| format!("{item:?}")).collect::<Vec<_>>().join(", "))
}

/// Whether the journal of the newest run has a record of this type for the step of this name.
pub(crate) fn recorded(place: &Place, kind: &str, step: &str) -> bool {
    let runs = fs::read_dir(place.state().join("runs")).into_iter().flatten().flatten();
    let Some(newest) = runs.map(|run| run.path()).max() else { return false };
    let journal = fs::read_to_string(newest.join("journal.jsonl")).unwrap_or_default();
    // The last line may be half written still.
    journal.split_inclusive('\n').filter(|line| line.ends_with('\n')).any(|line| {
        let record: serde_json::Value = serde_json::from_str(line).expect("a record is JSON");
        record["type"] == kind
            && record["step"]["path"].as_str().or(record["path"].as_str()).is_some_and(|path| path.contains(step))
    })
}

/// Expects that a component is as it was, and else says where it first differs.
#[track_caller]
pub(crate) fn unchanged(before: &str, after: &str) {
    let differs = before.lines().zip(after.lines()).find(|(before, after)| before != after);
    assert_eq!(differs, None, "before, and after");
    assert_eq!(before.lines().count(), after.lines().count(), "one of them goes on");
}
