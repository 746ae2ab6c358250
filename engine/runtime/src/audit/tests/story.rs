//! What people read with plain git.

use runbook_model::path::StepPath;
use runbook_model::status::RunStatus;

use super::fixture::{Ledger, Place, SCRIPT, completed, directory, git, run, sources};
use crate::audit::{Divergence, Request, Seal, SealError, SourceText, Standing, verify};

#[test]
fn main_has_one_line_for_each_end_of_a_run() {
    let place = Place::new();
    let archive = place.open();

    let begun = Ledger::begin(run(1), "rollback-api", Some("production")).command("deploy", b"deployed\n");
    let stopped = begun.clone().ended(RunStatus::Interrupted);
    let done = stopped.clone().resumed("bob").command("look", b"all well\n").ended(RunStatus::Completed);
    archive.seal(&begun.seal("before the first effect")).unwrap();
    archive.conclude(&stopped.seal("the end")).unwrap();
    archive.conclude(&Ledger::begin(run(2), "drain", None).ended(RunStatus::Rehearsed { unknown: 0 }).seal("")).unwrap();
    let last = archive.conclude(&done.seal("the end")).unwrap();

    assert_eq!(
        place.git(&["log", "--first-parent", "--format=%s · %an <%ae> · %cn", "main"]).lines().collect::<Vec<_>>(),
        [
            "rollback-api completed · 2 steps · 4.9s · bob@ops1 · production · bob <bob@ops1> · runbook",
            "drain rehearsed · 0 steps · 1.4s · alice@ops1 · alice <alice@ops1> · runbook",
            "rollback-api interrupted · 1 step · 2.8s · alice@ops1 · production · alice <alice@ops1> · runbook",
            "audit trail of ops1 begins · runbook <runbook@ops1> · runbook",
        ]
    );
    assert_eq!(
        place.git(&["log", "--format=%s", &format!("runs/{}", run(1))]).lines().collect::<Vec<_>>(),
        [
            "rollback-api completed · 2 steps · 4.9s · bob@ops1 · production",
            "rollback-api interrupted · 1 step · 2.8s · alice@ops1 · production",
            "rollback-api: sealed at record 3 (before the first effect)",
        ]
    );
    let show = |path: &str| place.git(&["show", &format!("main:{}/{path}", directory(run(1)))]);
    assert_eq!(show("journal.jsonl").as_bytes(), done.bytes);
    assert_eq!(show("source/runbooks/rollback-api.rhai"), SCRIPT);
    assert_eq!(show("outputs/00002-deploy.stdout"), "deployed\n");
    let summary: serde_json::Value = serde_json::from_str(&show("run.json")).unwrap();
    assert_eq!((&summary["status"], &summary["records"]), (&"completed".into(), &done.head.next.0.into()));

    let digest = done.head.digest.to_string();
    assert_eq!(place.git(&["log", "-1", "--format=%(trailers:key=Journal-Digest,valueonly,separator=)", "main"]).trim(), digest);
    assert_eq!(place.git(&["log", "-1", "--format=%(trailers:key=Outcome,valueonly,separator=)", "main"]).trim(), "completed");
    assert_eq!(last.head, done.head);
    assert_eq!(last.main, Some(archive.main_head().unwrap()));
    assert_eq!(archive.sealed_upto(run(1)).unwrap(), Some(done.head));
    assert_eq!(place.git(&["fsck", "--strict", "--full"]), "");

    let found = verify(&place.clone_bare(), &Request::default()).unwrap();
    assert_eq!(found.findings, []);
    assert_eq!((found.runs, found.records), (2, done.head.next.0 + 3));
    assert_eq!(found.main_head, last.main);
}

#[test]
fn nothing_is_sealed_twice() {
    let place = Place::new();
    let archive = place.open();
    let ledger = completed(1);
    assert!(archive.seal(&ledger.seal("a")).unwrap().new);
    let again = archive.seal(&ledger.seal("b")).unwrap();
    assert!(!again.new);
    let concluded = archive.conclude(&ledger.seal("c")).unwrap();
    assert!(concluded.new);
    assert_eq!(concluded.commit, again.commit, "the branch holds the end already");
    let twice = archive.conclude(&ledger.seal("d")).unwrap();
    assert_eq!((twice.new, twice.main), (false, concluded.main));
}

#[test]
fn a_name_cannot_forge_a_line_or_a_trailer() {
    let place = Place::new();
    let archive = place.open();
    let name = "deploy\n\nOutcome: forged\nJournal-Digest: 0";
    let mut ledger = Ledger::begin(run(1), name, Some("prod\nOutcome: forged"));
    ledger = ledger.resumed("eve\nOutcome: forged <x@y>").ended(RunStatus::Completed);
    archive.conclude(&ledger.seal("why\n\nOutcome: forged")).unwrap();
    for branch in ["main".to_owned(), format!("runs/{}", run(1))] {
        assert_eq!(place.git(&["log", "-1", "--format=%(trailers:key=Outcome,valueonly)", &branch]).trim(), "completed");
        let digest = place.git(&["log", "-1", "--format=%(trailers:key=Journal-Digest,valueonly)", &branch]);
        assert_eq!(digest.trim(), ledger.head.digest.to_string());
    }
    assert_eq!(place.git(&["log", "--first-parent", "--oneline", "main"]).lines().count(), 2);
    assert_eq!(place.git(&["fsck", "--strict"]), "");
    assert_eq!(verify(&place.path(), &Request::default()).unwrap().findings, []);
}

#[test]
fn long_output_keeps_both_ends() {
    let place = Place::new();
    let archive = place.open();
    let long: Vec<u8> = (0..100_000u32).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
    let ledger = Ledger::begin(run(1), "noisy", None).command("talk", &long).ended(RunStatus::Completed);
    archive.conclude(&ledger.seal("")).unwrap();
    let output = place.git(&["show", &format!("main:{}/outputs/00002-talk.stdout", directory(run(1)))]);
    assert!(output.starts_with("line 0\n") && output.ends_with("line 99999\n"));
    let missing = long.len() - runbook_model::excerpt::KEPT;
    assert!(output.contains(&format!("[runbook: {missing} of {} bytes are left out here; SHA-256", long.len())));
    assert!(output.len() < runbook_model::excerpt::KEPT + 200);
    assert_eq!(verify(&place.path(), &Request::default()).unwrap().findings, []);
}

#[test]
fn what_was_sealed_can_only_be_extended() {
    let place = Place::new();
    let archive = place.open();
    let begun = Ledger::begin(run(1), "api", None);
    let more = begun.clone().command("deploy", b"x");
    assert_eq!(archive.compare(run(1), &begun.bytes).unwrap(), Standing::Unsealed);
    archive.seal(&more.seal("")).unwrap();
    assert_eq!(archive.compare(run(1), &more.bytes).unwrap(), Standing::Level);
    let later = more.clone().command("look", b"y");
    assert_eq!(archive.compare(run(1), &later.bytes).unwrap(), Standing::Behind { records: 2 });

    match archive.seal(&begun.seal("")).unwrap_err() {
        SealError::Diverged(Divergence::Cut { has: 2, sealed: 4, .. }) => {}
        other => panic!("{other}"),
    }
    let other = begun.command("deploy", b"something else");
    match archive.compare(run(1), &other.bytes).unwrap_err() {
        SealError::Diverged(Divergence::Edited { record, offset, .. }) => {
            assert_eq!(record.0, 3);
            assert!(other.bytes[usize::try_from(offset).unwrap()..].starts_with(br#"{"prev":"#));
        }
        other => panic!("{other}"),
    }
    // What it says to type works from anywhere.
    let said = archive.compare(run(1), &other.bytes).unwrap_err().to_string();
    let typed: Vec<_> = said.split_once("journal: git ").unwrap().1.split(' ').collect();
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(git(elsewhere.path(), &typed).as_bytes(), more.bytes);
}

#[test]
fn a_seal_must_hold_the_sources_that_the_journal_names() {
    let place = Place::new();
    let archive = place.open();
    let mut seal = completed(1).seal("");
    seal.sources[0].text.push('x');
    match archive.seal(&seal).unwrap_err() {
        SealError::Source { name } => assert_eq!(name, sources()[0].name),
        other => panic!("{other}"),
    }
    assert!(matches!(archive.conclude(&Ledger::begin(run(2), "api", None).seal("")), Err(SealError::NotEnded(_))));
}

#[test]
fn a_run_that_only_waits_is_sealed_and_not_merged() {
    let place = Place::new();
    let archive = place.open();
    let sealed = archive.conclude(&Ledger::begin(run(1), "api", None).ended(RunStatus::RollingBack).seal("")).unwrap();
    assert_eq!((sealed.new, sealed.main), (true, None));
    assert_eq!(place.git(&["log", "--first-parent", "--oneline", "main"]).lines().count(), 1);
    assert_eq!(verify(&place.path(), &Request::default()).unwrap().findings, []);
}

#[test]

fn a_run_that_failed_at_a_step_is_merged() {
    let place = Place::new();
    let at = StepPath::root().child("look", 1);
    let statuses = [
        RunStatus::Failed { at: Some(at.clone()), message: "503".to_owned() },
        RunStatus::Declined { at: at.clone() },
        RunStatus::InDoubt { at: at.clone() },
        RunStatus::Stuck { at: at.clone(), message: "503".to_owned() },
        RunStatus::Mismatch { at },
    ];
    for (n, status) in statuses.into_iter().enumerate() {
        let ledger = Ledger::begin(run(n as u128), "api", None).ended(status.clone());
        place.open().conclude(&ledger.seal("")).unwrap();
        let subject = place.git(&["log", "-1", "--format=%s", "main"]);
        assert!(subject.starts_with(&format!("api {} · ", status.word())), "{subject}");
    }
    assert_eq!(verify(&place.path(), &Request::default()).unwrap().findings, []);
}

#[test]
fn housekeeping_by_hand_does_no_harm() {
    let place = Place::new();
    let archive = place.open();
    archive.conclude(&completed(1).seal("")).unwrap();
    place.git(&["gc", "--quiet", "--prune=now"]);
    assert!(place.path().join("packed-refs").exists());
    archive.conclude(&completed(2).seal("")).unwrap();
    assert_eq!(archive.sealed_upto(run(1)).unwrap(), Some(completed(1).head));
    assert_eq!(verify(&place.path(), &Request::default()).unwrap().findings, []);
}

#[test]
fn an_adopted_source_stands_beside_the_one_before_it_in_history() {
    let place = Place::new();
    let archive = place.open();
    let begun = Ledger::begin(run(1), "api", None);
    archive.seal(&begun.seal("")).unwrap();
    let edited = [SourceText { name: sources()[0].name.clone(), text: "// edited".to_owned() }];
    let adopted = begun.resumed("bob").adopted(&edited).ended(RunStatus::Completed);
    let seal = Seal { sources: edited.to_vec(), ..adopted.seal("") };
    archive.conclude(&seal).unwrap();
    let path = format!("{}/source/runbooks/rollback-api.rhai", directory(run(1)));
    assert_eq!(place.git(&["show", &format!("main:{path}")]), "// edited");
    assert_eq!(place.git(&["show", &format!("main^2^:{path}")]), SCRIPT);
    assert_eq!(verify(&place.path(), &Request::default()).unwrap().findings, []);
}
