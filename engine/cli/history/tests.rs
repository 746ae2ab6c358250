//! What is passed over is what would not have been listed.

use std::fs;

use runbook_model::status::RunStatus;
use runbook_runtime::journal::StateDir;

use super::{DAMAGED, DIED, History, RunLine};

/// A state directory with the journals of every older engine. One of them is damaged in its middle.
fn history() -> (tempfile::TempDir, History) {
    let place = tempfile::tempdir().unwrap();
    let state = StateDir::open(place.path()).unwrap();
    let mut damaged = false;
    for file in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/compat/v1")).unwrap().map(|entry| entry.unwrap().path())
    {
        if file.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let mut text = fs::read_to_string(&file).unwrap();
        let run = text.split("\"run\":\"").nth(1).and_then(|rest| rest.get(..26)).unwrap().parse().unwrap();
        if !damaged && text.contains("\"status\":\"completed\"") && text.contains("\"step_ended\"") {
            text = text.replacen("\"step_ended\"", "\"step_Ended\"", 1);
            damaged = true;
        }
        let dir = state.run(run);
        fs::create_dir_all(dir.journal().parent().unwrap()).unwrap();
        fs::write(dir.journal(), text).unwrap();
    }
    assert!(damaged);
    (place, History { state })
}

#[test]
fn each_state_lists_what_the_whole_journals_say() {
    let (_place, history) = history();
    let runs = history.runs().unwrap();
    let (all, failures) = history.lines(&runs, usize::MAX / 2, |_| true, |_| true);
    assert!(all.len() > 10 && failures.len() == 1, "{} runs, {failures:?}", all.len());
    let mut states = 0;
    for word in RunStatus::WORDS.into_iter().chain([DIED, DAMAGED]) {
        let (some, failures) = history.lines(&runs, usize::MAX / 2, |_| true, |line: &RunLine| line.word() == word);
        let of_all: Vec<_> = all.iter().filter(|line| line.word() == word).cloned().collect();
        assert_eq!(some, of_all, "{word}");
        assert_eq!(failures.len(), usize::from(word == DAMAGED), "{word}");
        states += usize::from(!some.is_empty());
    }
    assert!(states >= 5, "{states} states");
}
