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

const GATED: &str = r#"
command("say", #{ run: ["sh", "-c", "echo x >> ledger"], rollback: "nothing" });
command("gate", #{ run: ["test", "-e", "open"], rollback: "nothing" });
"#;

#[test]
fn what_only_the_journal_or_only_the_trail_has_is_said() {
    let place = Place::with(GATED);
    place.expect(1, &["exec", "main"]);
    let run = place.newest_run();
    assert!(!place.expect(0, &["verify"]).err.contains("ahead"), "all of it is sealed");
    // The trail as it was before the run went on: as after a crash in front of the last seal.
    let saved = place.path("saved.git");
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp");
        assert!(copied.success());
    };
    let (trail, head) = (place.state().join("audit.git"), place.state().join("audit.head"));
    copy(&trail, &saved);
    copy(&head, &place.path("saved.head"));
    let records = || fs::read_to_string(place.journal_path()).expect("a journal").lines().count();
    let before = records();
    place.write("open", "");
    place.expect(0, &["resume"]);
    fs::rename(&trail, place.path("newer.git")).expect("a move");
    fs::rename(&saved, &trail).expect("a move");
    fs::rename(place.path("saved.head"), &head).expect("a move");
    let ahead = records() - before;
    let said = format!("run {run} is ahead of the trail by {ahead} records");
    place.expect(0, &["verify"]).says(&[&said, &format!("runbook seal {run}")]);
    let json = place.expect(0, &["--output", "json", "verify"]).out;
    assert!(json.contains("\"type\":\"ahead\"") && json.contains("\"sound\":true"), "{json}");
    place.expect(0, &["seal", &run]);
    assert!(!place.expect(0, &["verify"]).err.contains("ahead"));
    fs::remove_dir_all(place.state().join("runs").join(&run)).expect("a directory");
    place.expect(0, &["verify"]).says(&["1 run is only in the trail", &run]);
}

#[test]
fn a_mistyped_commit_is_no_alarm_and_a_lost_one_is() {
    let place = Place::with(ONE);
    place.expect(0, &["exec", "main"]);
    for typed in ["1234abc", "HEAD~1", "", &"a".repeat(39), "zz"] {
        place.expect(2, &["verify", "--since", typed]).says(&["there is no one commit", "nothing was verified"]);
    }
    place.expect(11, &["verify", "--since", &"a".repeat(40)]).says(&["was rewritten"]);
    let main = place.git(&["rev-parse", "main"]);
    place.expect(0, &["verify", "--since", &main.trim()[..10]]);
    let trail = place.state().join("audit.git").display().to_string();
    place.expect(2, &["verify", "--repo", &trail, "--since", "1234abc"]).says(&["there is no one commit"]);
    // One that is there and not behind `main` is an alarm, however short it is written.
    let other = place.git(&["-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", "-m", "x", "main^{tree}"]);
    place.expect(11, &["verify", "--since", &other.trim()[..12]]).says(&["was rewritten"]);
}

#[test]
fn where_there_is_no_trail_nothing_is_called_verified() {
    let place = Place::with(ONE);
    let none = place.expect(2, &["verify"]);
    none.says(&["there is no audit trail"]);
    assert!(!none.err.contains("verified:"), "{none}");
}

/// Each change of the rollback takes less than the engine's tick, and all of them more than the pause between two seals.
#[test]
fn a_rollback_of_many_short_changes_is_sealed_as_it_goes() {
    let place = Place::with(r#"for n in 0..45 { command(`step ${n}`, #{ run: ["true"], rollback: ["sleep", "0.07"] }); }"#);
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    let sealed = || place.git(&["log", "--format=%B", &format!("runs/{run}")]).matches("as it goes").count();
    let before = sealed();
    place.expect(6, &["rollback", &run]);
    assert!(sealed() > before, "{}", place.git(&["log", "--format=%B", &format!("runs/{run}")]));
}

/// Nothing in it flushes the journal, and only what is on disk is sealed.
#[test]
fn a_stretch_of_nothing_but_checks_is_sealed_as_it_goes() {
    let place = Place::with(r#"for n in 0..12 { check(`look ${n}`, || exec::output(["sleep", "0.1"]).code == 0); }"#);
    place.expect(0, &["exec", "main"]);
    let branch = format!("runs/{}", place.newest_run());
    let commits = place.git(&["log", "--reverse", "--format=%s", &branch]);
    let between = place.git(&["log", "--format=%H", "--grep=as it goes", &branch]);
    let first = between.split_whitespace().next_back().unwrap_or_else(|| panic!("{commits}"));
    let journal = place.git(&["grep", "-h", "step_ended", first]);
    assert!((1..12).contains(&journal.lines().count()), "{commits}{journal}");
}
