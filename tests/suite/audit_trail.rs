//! The audit trail: plain git shows it, and tampering is found.

use std::fs;

use crate::support::Place;

const ONE: &str = r#"command("say", #{ run: ["sh", "-c", "echo hello; echo x >> ledger"], rollback: "nothing" });"#;

#[test]
fn plain_git_shows_one_line_a_run_and_everything_in_it() {
    let place = Place::with(ONE);
    place.expect(0, &["exec", "main"]);
    place.expect(0, &["exec", "main", "--dry-run"]);
    let log = place.git(&["log", "--first-parent", "--format=%s", "main"]);
    let runs: Vec<_> = log.lines().filter(|line| line.starts_with("main ")).collect();
    assert!(runs.len() == 2 && runs[0].contains("rehearsed") && runs[1].contains("completed"), "{log}");
    let files = place.git(&["ls-tree", "-r", "--name-only", "main"]);
    for wanted in ["journal.jsonl", "main.rhai", "stdout"] {
        assert!(files.contains(wanted), "{wanted} is missing:\n{files}");
    }
    place.git(&["fsck", "--strict"]);
    let trailers = place.git(&["log", "-1", "--skip=1", "--first-parent", "--format=%(trailers)", "main"]);
    for wanted in ["Run:", "Runbook: main", "Operator:", "Outcome: completed", "Journal-Digest:"] {
        assert!(trailers.contains(wanted), "{wanted} is missing:\n{trailers}");
    }
    place.expect(0, &["verify"]);
}

#[test]
fn the_journal_in_git_is_the_journal_on_disk() {
    let place = Place::with(ONE);
    place.expect(0, &["exec", "main"]);
    let files = place.git(&["ls-tree", "-r", "--name-only", "main"]);
    let path = files.lines().find(|line| line.ends_with("journal.jsonl")).expect("a journal");
    let in_git = place.git(&["show", &format!("main:{path}")]);
    assert_eq!(in_git, fs::read_to_string(place.journal_path()).expect("a journal"));
}

#[test]
fn an_edited_journal_is_refused_and_named() {
    let place =
        Place::with(&(ONE.to_owned() + "command(\"gate\", #{ run: [\"test\", \"-e\", \"open\"], rollback: \"nothing\" });"));
    place.expect(1, &["exec", "main"]);
    let path = place.journal_path();
    let text = fs::read_to_string(&path).expect("a journal");
    fs::write(&path, text.replacen("echo hello", "echo hellO", 1)).expect("an edit");
    place.write("open", "");
    place.expect(11, &["resume"]).says(&["record 2", "runbook verify"]);
    place.expect(11, &["verify"]).says(&["record 2"]);
    assert_eq!(place.ledger(), ["x"]);
}

#[test]
fn a_cut_journal_is_refused_because_git_remembers_more() {
    let place =
        Place::with(&(ONE.to_owned() + "command(\"gate\", #{ run: [\"test\", \"-e\", \"open\"], rollback: \"nothing\" });"));
    place.expect(1, &["exec", "main"]);
    let path = place.journal_path();
    let text = fs::read_to_string(&path).expect("a journal");
    let cut: String = text.split_inclusive('\n').take(2).collect();
    fs::write(&path, cut).expect("a cut");
    place.write("open", "");
    place.expect(11, &["resume"]);
    assert_eq!(place.ledger(), ["x"], "the first step is not repeated");
}
