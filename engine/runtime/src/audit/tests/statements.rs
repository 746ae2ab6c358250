//! What people signed: nobody can change it, move it, or sign it in their place.

use std::process::Command;
use std::sync::Arc;

use runbook_model::answer::Said;
use runbook_model::digest::Digest;
use runbook_model::entry::{Entry, Intent, RunStarted};
use runbook_model::id::Attempt;
use runbook_model::path::StepPath;
use runbook_model::person::{Decider, From, Person};
use runbook_model::signed::Signed;
use runbook_model::statement::NAMESPACE;
use runbook_model::status::RunStatus;
use runbook_model::step::{Confirm, Location, StepKind, StepSpec};

use super::fixture::{Ledger, Place, run};
use crate::audit::verify::{Demanded, Flawed, Request, Verified};
use crate::audit::{Finding, verify};
use crate::signing::{AllowedSigners, Signer, Signing, SshKey};

struct People {
    home: tempfile::TempDir,
}

impl People {
    fn new() -> Self {
        let people = Self { home: tempfile::tempdir().unwrap() };
        for name in ["ann", "eve"] {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f", name]).current_dir(people.home.path());
            assert!(keygen.status().unwrap().success());
        }
        people
    }

    fn key(&self, name: &str) -> Arc<SshKey> {
        Arc::new(SshKey::open(&self.home.path().join(name)).unwrap())
    }

    /// An allowed-signers file with these people.
    fn allowed(&self, names: &[&str]) -> AllowedSigners {
        let line = |name: &&str| format!("{name}@example.org {}\n", self.key(name).public().to_openssh().unwrap());
        AllowedSigners::parse(&names.iter().map(line).collect::<String>()).unwrap()
    }
}

fn person(name: &str) -> Person {
    Person { name: name.to_owned(), host: "ops1".to_owned(), from: From::Terminal }
}

fn question() -> StepPath {
    StepPath::root().child("Go on?", 1)
}

fn answer(said: Said, by: &str) -> Entry {
    let (path, shown) = (question(), Digest::of(b"what they saw"));
    Entry::ConfirmAnswered { path, said, by: Decider::Person(person(by)), shown, note: None }
}

/// A run that waits at a confirm that only `by` may answer.
fn waiting(n: u128, by: &[&str]) -> Ledger {
    let mut ledger = Ledger::begin(run(n), "rollback-api", Some("production"));
    let confirm = Confirm { by: by.iter().map(|by| (*by).to_owned()).collect(), ..Confirm::default() };
    let spec = StepSpec { name: "Go on?".to_owned(), kind: StepKind::Confirm(confirm) };
    ledger.write(Entry::StepIntended(Box::new(Intent {
        path: question(),
        attempt: Attempt::FIRST,
        fingerprint: spec.fingerprint(),
        spec,
        change: None,
        owes: Vec::new(),
        location: Location::default(),
    })));
    ledger
}

fn started(ledger: &Ledger) -> RunStarted {
    let line = ledger.bytes.split(|byte| *byte == b'\n').next().unwrap();
    let (record, _) = runbook_model::chain::decode(runbook_model::chain::Head::EMPTY, None, line).unwrap();
    match record.entry {
        Entry::RunStarted(started) => *started,
        _ => panic!("a beginning"),
    }
}

fn statement(ledger: &Ledger, act: &Entry, key: &dyn Signer) -> Signed {
    let mut signed = Signed::about(act, &key.fingerprint()).unwrap();
    let text = signed.text(ledger.run, &started(ledger), ledger.head, ledger.at);
    signed.signature = key.sign(NAMESPACE, text.as_bytes()).unwrap();
    signed
}

/// Ann agrees, signed, and the run completes.
fn agreed(n: u128, people: &People) -> Ledger {
    let mut ledger = waiting(n, &["ann"]);
    let act = answer(Said::Yes, "ann");
    let signed = statement(&ledger, &act, &*people.key("ann"));
    ledger.write(Entry::Signed(Box::new(signed)));
    ledger.write(act);
    ledger.ended(RunStatus::Completed)
}

/// What is found in a trail with that run, whose commits the owner of the key `by` signs.
fn judged(ledger: &Ledger, people: &People, by: &str, signers: &AllowedSigners, demanded: Demanded) -> Verified {
    let place = Place::new();
    let archive = place.open().signed_by(Signing { signer: Some(people.key(by)), required: true });
    archive.conclude(&ledger.seal("")).unwrap();
    verify(&place.clone_bare(), &Request { signers: Some(signers), demanded, ..Request::default() }).unwrap()
}

/// The only finding, with its record.
#[track_caller]
fn only(verified: &Verified) -> (u64, String) {
    match &verified.findings[..] {
        [Finding { place, flaw }] => (place.record.expect("a record").0, flaw.to_string()),
        found => panic!("{found:?}"),
    }
}

#[test]
fn an_answer_that_is_signed_is_counted_for_whoever_gave_it() {
    let people = People::new();
    let demanded = Demanded { elsewhere: false, envs: [("staging".to_owned(), true)].into() };
    let verified = judged(&agreed(1, &people), &people, "ann", &people.allowed(&["ann"]), demanded);
    assert_eq!(verified.findings, []);
    assert_eq!((verified.signatures.commits, verified.signatures.acts, verified.signatures.unsigned_acts), (2, 1, 1));
    assert_eq!(verified.signatures.by["ann@example.org"], 3);
}

#[test]
fn an_answer_without_signature_is_found_where_it_has_to_be_signed() {
    let people = People::new();
    let mut ledger = waiting(1, &[]);
    ledger.write(answer(Said::Yes, "ann"));
    let ledger = ledger.ended(RunStatus::Completed);
    let demanded = Demanded { elsewhere: false, envs: [("production".to_owned(), true)].into() };
    let verified = judged(&ledger, &people, "ann", &people.allowed(&["ann"]), demanded);
    let records: Vec<_> = verified.findings.iter().map(|found| (found.place.record.unwrap().0, &found.flaw)).collect();
    // The start of the session, and the answer.
    assert_eq!(records, [(1, &Flawed::UnsignedAct), (3, &Flawed::UnsignedAct)]);
}

#[test]
fn a_statement_does_not_fit_another_answer_run_place_or_record() {
    let people = People::new();
    let allowed = people.allowed(&["ann"]);
    let said_no = answer(Said::No, "ann");
    let no = statement(&waiting(1, &["ann"]), &said_no, &*people.key("ann"));
    let elsewhere = statement(&waiting(2, &["ann"]), &answer(Said::Yes, "ann"), &*people.key("ann"));
    let earlier =
        statement(&Ledger::begin(run(1), "rollback-api", Some("production")), &answer(Said::Yes, "ann"), &*people.key("ann"));
    let edited = Signed { said: "yes".to_owned(), meaning: runbook_model::signed::Meaning::Approved, ..no.clone() };
    let renamed = Signed { key: people.key("eve").fingerprint(), ..elsewhere.clone() };
    for (signed, what) in [
        (no, "not about the record beside it"),
        (elsewhere, "does not fit what it signs"),
        (earlier, "does not fit what it signs"),
        (edited, "does not fit what it signs"),
        (renamed, "does not fit what it signs"),
    ] {
        let mut ledger = waiting(1, &["ann"]);
        ledger.write(Entry::Signed(Box::new(signed)));
        ledger.write(answer(Said::Yes, "ann"));
        // The commits are by somebody who may sign: the journal as such is a sound chain, freshly sealed.
        let verified = judged(&ledger.ended(RunStatus::Completed), &people, "ann", &allowed, Demanded::default());
        let (record, flaw) = only(&verified);
        assert!(record == 3 && flaw.contains(what), "{record}: {flaw}, wanted: {what}");
    }
}

#[test]
fn nobody_signs_in_the_place_of_another() {
    let people = People::new();
    let forged = |key: &str| {
        let mut ledger = waiting(1, &["ann"]);
        let act = answer(Said::Yes, "ann");
        let signed = statement(&ledger, &act, &*people.key(key));
        ledger.write(Entry::Signed(Box::new(signed)));
        ledger.write(act);
        ledger.ended(RunStatus::Completed)
    };
    // Eve is nobody.
    let verified = judged(&forged("eve"), &people, "ann", &people.allowed(&["ann"]), Demanded::default());
    assert!(only(&verified).1.contains("not among the allowed signers"), "{:?}", verified.findings);
    // Eve may sign, and the question was for Ann.
    let verified = judged(&forged("eve"), &people, "ann", &people.allowed(&["ann", "eve"]), Demanded::default());
    assert!(only(&verified).1.contains("that of eve@example.org, not of ann@ops1"), "{:?}", verified.findings);
}

#[test]
fn commits_that_were_signed_anew_by_a_stranger_are_named() {
    let people = People::new();
    let verified = judged(&agreed(1, &people), &people, "eve", &people.allowed(&["ann"]), Demanded::default());
    assert_eq!(verified.findings.len(), 2, "{:?}", verified.findings);
    for found in &verified.findings {
        assert!(found.place.commit.is_some() && matches!(&found.flaw, Flawed::Signature(why) if why.contains("allowed signers")));
    }
}

#[test]
fn a_statement_whose_act_never_came_is_no_fault() {
    let people = People::new();
    let mut ledger = waiting(1, &["ann"]);
    let signed = statement(&ledger, &answer(Said::Yes, "ann"), &*people.key("ann"));
    ledger.write(Entry::Signed(Box::new(signed)));
    let ledger = ledger.resumed("ann").ended(RunStatus::Interrupted);
    let verified = judged(&ledger, &people, "ann", &people.allowed(&["ann"]), Demanded::default());
    assert_eq!(verified.findings, []);
}
