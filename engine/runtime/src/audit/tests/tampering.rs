//! Whatever somebody changes is found, at its place.

use git2::{FileMode, Oid, Repository, Signature};
use proptest::prelude::*;

use super::fixture::{Ledger, Place, completed, directory, git, noon, run};
use crate::audit::verify::Flawed;
use crate::audit::{Finding, Flaw, Request, verify};
use runbook_model::chain::Broken;
use runbook_model::id::RunId;
use runbook_model::status::RunStatus;

/// Three runs that ended, each sealed once before its end.
fn archive() -> Place {
    let place = Place::new();
    let archive = place.open();
    for n in 1..=3 {
        let begun = Ledger::begin(run(n), "rollback-api", Some("production")).command("deploy", b"deployed\n");
        archive.seal(&begun.seal("before")).unwrap();
        archive.conclude(&begun.command("look", b"all well\n").ended(RunStatus::Completed).seal("")).unwrap();
    }
    place
}

/// `tree` with other content at `path`; without content the path is removed.
fn with(repository: &Repository, tree: Option<Oid>, path: &[&str], content: Option<&[u8]>) -> Oid {
    let tree = tree.map(|tree| repository.find_tree(tree).unwrap());
    let mut builder = repository.treebuilder(tree.as_ref()).unwrap();
    let below = tree.as_ref().and_then(|tree| tree.get_name(path[0])).map(|entry| entry.id());
    match (path, content) {
        ([name], Some(bytes)) => builder.insert(name, repository.blob(bytes).unwrap(), FileMode::Blob.into()).map(drop).unwrap(),
        ([name], None) => builder.remove(*name).unwrap(),
        ([name, rest @ ..], content) => {
            builder.insert(name, with(repository, below, rest, content), FileMode::Tree.into()).map(drop).unwrap();
        }
        ([], _) => unreachable!(),
    }
    builder.write().unwrap()
}

/// Replaces the tip of a branch by one with other content at `path`, message and parents being the same.
fn amend(place: &Place, branch: &str, path: &str, content: Option<&[u8]>) -> Oid {
    let repository = Repository::open_bare(place.path()).unwrap();
    let old = repository.find_commit(repository.refname_to_id(branch).unwrap()).unwrap();
    let tree = with(&repository, Some(old.tree_id()), &path.split('/').collect::<Vec<_>>(), content);
    let parents: Vec<_> = old.parents().collect();
    let tree = repository.find_tree(tree).unwrap();
    let new = repository
        .commit(None, &old.author(), &old.committer(), old.message().unwrap(), &tree, &parents.iter().collect::<Vec<_>>())
        .unwrap();
    repository.reference(branch, new, true, "").unwrap();
    new
}

fn branch(n: u128) -> String {
    format!("refs/heads/runs/{}", run(n))
}

fn findings(place: &Place) -> Vec<Finding> {
    verify(&place.clone_bare(), &Request::default()).unwrap().findings
}

fn at<'f>(findings: &'f [Finding], run: RunId, file: &str) -> Vec<&'f Finding> {
    let path = format!("{}/{file}", directory(run));
    findings.iter().filter(|found| found.place.run == Some(run) && found.place.path.as_deref() == Some(&path)).collect()
}

#[test]
fn an_edited_output_source_summary_or_stray_file_is_named() {
    for (file, content) in [
        ("outputs/00002-deploy.stdout", Some(&b"other\n"[..])),
        ("outputs/00002-deploy.stdout", None),
        ("source/std/http.rhai", Some(b"// other")),
        ("source/runbooks/rollback-api.rhai", None),
        ("run.json", Some(b"{}")),
        ("outputs/stray", Some(b"x")),
    ] {
        let place = archive();
        let path = format!("{}/{file}", directory(run(2)));
        amend(&place, &branch(2), &path, content);
        let found = findings(&place);
        assert_eq!(at(&found, run(2), file).len(), 1, "{file}: {found:?}");
        assert!(found.iter().all(|found| found.place.run == Some(run(2))), "{found:?}");
        assert!(found.iter().any(|found| matches!(found.flaw, Flawed::Branch { .. })), "moved away from what was merged");
    }
}

#[test]
fn an_edited_main_is_named() {
    let place = archive();
    amend(&place, "refs/heads/main", &format!("{}/outputs/00002-deploy.stdout", directory(run(3))), Some(b"other"));
    let found = findings(&place);
    assert!(matches!(&found[..], [Finding { flaw: Flawed::NotMerged(_), .. }]), "{found:?}");

    let place = archive();
    let path = format!("{}/outputs/00002-deploy.stdout", directory(run(1)));
    amend(&place, "refs/heads/main", &path, Some(b"other"));
    let found = findings(&place);
    assert!(matches!(&found[..], [Finding { flaw: Flawed::Changed(_), .. }]), "{found:?}");
    assert_eq!(found[0].place.path, Some(directory(run(1))));

    let place = archive();
    amend(&place, "refs/heads/main", "README.md", Some(b"other"));
    assert!(matches!(&findings(&place)[..], [Finding { flaw: Flawed::Changed(_), .. }]));
}

#[test]
fn a_run_removed_from_main_is_named() {
    let place = archive();
    let repository = Repository::open_bare(place.path()).unwrap();
    let main = repository.find_commit(repository.refname_to_id("refs/heads/main").unwrap()).unwrap();
    let path = directory(run(1));
    let tree = with(&repository, Some(main.tree_id()), &path.split('/').collect::<Vec<_>>(), None);
    let who = Signature::new("eve", "eve@ops1", &git2::Time::new(noon().as_second(), 0)).unwrap();
    let tree = repository.find_tree(tree).unwrap();
    repository.commit(Some("refs/heads/main"), &who, &who, "tidy", &tree, &[&main]).unwrap();
    let found = findings(&place);
    assert!(found.iter().any(|found| matches!(found.flaw, Flawed::NotAMerge(_))), "{found:?}");

    // Hidden in the merge of another run.
    let place = archive();
    amend(&place, "refs/heads/main", &path, None);
    let found = findings(&place);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].place.run, found[0].place.path.as_deref()), (Some(run(1)), Some(&*path)));
    assert!(matches!(found[0].flaw, Flawed::Removed(_)));
}

#[test]
fn a_missing_branch_is_named() {
    let place = archive();
    Repository::open_bare(place.path()).unwrap().find_reference(&branch(2)).unwrap().delete().unwrap();
    let found = findings(&place);
    assert!(matches!(&found[..], [Finding { flaw: Flawed::Branch { run: of, .. }, .. }] if *of == run(2)), "{found:?}");
}

#[test]
fn a_cut_transplanted_or_reordered_journal_is_named() {
    let whole = completed(2);
    let lines: Vec<&[u8]> = whole.bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let without =
        |gone: usize| lines.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, line)| *line).collect::<Vec<_>>().concat();
    let mut swapped = lines.clone();
    swapped.swap(3, 4);
    let torn = &whole.bytes[..whole.bytes.len() - 3];
    let file = format!("{}/journal.jsonl", directory(run(2)));

    let cases: [(Vec<u8>, u64, Flaw); 5] = [
        (without(3), 3, Flaw::Broken(Broken::Number { found: 4.into_seq(), wanted: 3.into_seq() })),
        (swapped.concat(), 3, Flaw::Broken(Broken::Number { found: 4.into_seq(), wanted: 3.into_seq() })),
        (completed(3).bytes, 0, Flaw::Broken(Broken::Run { found: run(3) })),
        (torn.to_vec(), 6, Flaw::Torn),
        (Vec::new(), 0, Flaw::Empty),
    ];
    for (journal, record, flaw) in cases {
        let place = archive();
        amend(&place, &branch(2), &file, Some(&journal));
        let found = findings(&place);
        let named = at(&found, run(2), "journal.jsonl");
        assert!(
            named.iter().any(|found| found.flaw == Flawed::Record(flaw.clone()) && found.place.record == Some(record.into_seq())),
            "{flaw}: {found:?}"
        );
        let offset: usize = lines[..usize::try_from(record).unwrap()].iter().map(|line| line.len()).sum();
        assert!(named.iter().any(|found| found.place.offset == Some(offset as u64)), "{found:?}");
    }

    // Cut between two records: a sound chain, but not what the trailers, the summary and `main` say.
    let place = archive();
    amend(&place, &branch(2), &file, Some(&lines[..5].concat()));
    let found = findings(&place);
    assert!(found.iter().any(|found| matches!(found.flaw, Flawed::Trailer { name: "Journal-Digest", .. })), "{found:?}");
    assert_eq!(at(&found, run(2), "run.json").len(), 1);
}

#[test]
fn a_journal_rewritten_with_a_fresh_chain_is_named() {
    let place = archive();
    let repository = Repository::open_bare(place.path()).unwrap();
    // Everything fits in itself: chain, sources, outputs, summary, trailers. Only the history before it tells.
    let forged = Ledger::begin(run(2), "rollback-api", Some("production"))
        .command("deploy", b"nothing to see\n")
        .ended(RunStatus::Completed);
    let elsewhere = Place::new();
    elsewhere.open().conclude(&forged.seal("")).unwrap();
    git(&place.path(), &["fetch", "--quiet", elsewhere.path().to_str().unwrap(), &format!("{}:refs/heads/forged", branch(2))]);
    let good = repository.find_commit(repository.refname_to_id(&branch(2)).unwrap()).unwrap();
    let new = repository.find_commit(repository.refname_to_id("refs/heads/forged").unwrap()).unwrap();
    let message = new.message().unwrap();
    let id = repository.commit(None, &good.author(), &good.committer(), message, &new.tree().unwrap(), &[&good]).unwrap();
    repository.reference(&branch(2), id, true, "").unwrap();
    let found = findings(&place);
    let named = at(&found, run(2), "journal.jsonl");
    assert_eq!(named.len(), 1, "{found:?}");
    assert_eq!((&named[0].flaw, named[0].place.record), (&Flawed::Rewritten(good.id().to_string()), Some(3.into_seq())));
}

#[test]
fn a_rewritten_main_is_found_by_who_remembers_it() {
    let place = archive();
    let anchor = place.git(&["rev-parse", "main"]).trim().to_owned();
    let request = Request { since: Some(&anchor), ..Request::default() };
    place.open().conclude(&completed(4).seal("")).unwrap();
    let fine = verify(&place.path(), &request).unwrap();
    assert_eq!((&fine.findings[..], fine.runs), (&[][..], 1), "only the new run is checked");

    // The last two runs never happened.
    let old = place.git(&["rev-parse", "main~2"]).trim().to_owned();
    place.git(&["update-ref", "refs/heads/main", &old]);
    for n in [3, 4] {
        place.git(&["update-ref", "-d", &branch(n)]);
    }
    assert_eq!(findings(&place), [], "a clone alone cannot know");
    let found = verify(&place.path(), &request).unwrap().findings;
    assert!(matches!(&found[..], [Finding { flaw: Flawed::NotAnAncestor(hash), .. }] if *hash == anchor), "{found:?}");
}

#[test]
fn one_run_can_be_checked_alone() {
    let place = archive();
    amend(&place, &branch(2), &format!("{}/run.json", directory(run(2))), Some(b"{}"));
    let check = |n| verify(&place.path(), &Request { run: Some(run(n)), ..Request::default() }).unwrap();
    assert_eq!((check(1).findings.len(), check(1).runs), (0, 1));
    assert!(!check(2).findings.is_empty());
    assert!(matches!(&check(9).findings[..], [Finding { flaw: Flawed::NoSuchRun, .. }]));
}

#[test]
fn the_journal_of_the_state_directory_must_extend_the_sealed_one() {
    let place = archive();
    let file = place.state.path().join("journal.jsonl");
    let check = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        let request = Request { run: Some(run(1)), journal: Some(&file), ..Request::default() };
        verify(&place.path(), &request).unwrap().findings
    };
    let whole = completed(1);
    assert_eq!(check(&whole.bytes), []);
    assert_eq!(check(&whole.clone().resumed("bob").bytes), []);
    let cut = whole.bytes.iter().rposition(|byte| *byte == b'{').unwrap();
    assert!(!check(&whole.bytes[..cut]).is_empty());
    let other =
        Ledger::begin(run(1), "rollback-api", Some("production")).command("deploy", b"else\n").ended(RunStatus::Completed);
    let found = check(&other.bytes);
    assert_eq!((&found[0].flaw, found[0].place.record), (&Flawed::StateEdited, Some(3.into_seq())));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_changed_byte_of_a_journal_is_found(position in any::<prop::sample::Index>(), flip in 1u8..=255) {
        let place = Place::new();
        let archive = place.open();
        let ledger = completed(1);
        archive.conclude(&ledger.seal("")).unwrap();
        let mut bytes = ledger.bytes.clone();
        let at = position.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(archive.compare(run(1), &bytes).is_err());
        amend(&place, &branch(1), &format!("{}/journal.jsonl", directory(run(1))), Some(&bytes));
        let found = verify(&place.path(), &Request::default()).unwrap().findings;
        // The record that was hit; a line break that is gone joins two records and is found at the first of them.
        let record = ledger.bytes[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        prop_assert!(found.iter().any(|found| found.place.record == Some(record.into_seq())), "{record}: {found:?}");
    }
}

/// Numbers as places in a journal.
trait IntoSeq {
    fn into_seq(self) -> runbook_model::id::Seq;
}

impl IntoSeq for u64 {
    fn into_seq(self) -> runbook_model::id::Seq {
        runbook_model::id::Seq(self)
    }
}
