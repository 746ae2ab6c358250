//! Whether the branch of a run tells a story that only grows.

use std::collections::BTreeMap;

use git2::{Oid, Repository};
use runbook_model::id::{RunId, Seq};

use super::content;
use super::finding::{Finding, Flawed, Place};
use super::main_line::MainLine;
use super::{Request, Verified};
use crate::audit::contents::JOURNAL;
use crate::audit::reading::{self, Reading};
use crate::audit::{place, tree};

/// Which runs to check, each with the tip of its branch.
pub(super) fn to_check(
    git: &Repository,
    request: &Request<'_>,
    line: &MainLine,
    branches: &[(RunId, Oid)],
) -> BTreeMap<RunId, Option<Oid>> {
    let tips = branches.iter().map(|(run, tip)| (*run, Some(*tip)));
    let mut runs: BTreeMap<RunId, Option<Oid>> = line.merged.keys().map(|run| (*run, None)).collect();
    runs.extend(tips);
    match (request.run, request.since) {
        (Some(only), _) => {
            runs.retain(|run, _| *run == only);
            runs.entry(only).or_insert(None);
        }
        (None, Some(_)) => runs.retain(|run, tip| line.merged.contains_key(run) || !is_on_main(git, line, *run, *tip)),
        (None, None) => {}
    }
    runs
}

/// Whether `main` holds exactly what the tip of the branch holds.
fn is_on_main(git: &Repository, line: &MainLine, run: RunId, tip: Option<Oid>) -> bool {
    let directory = |commit: Oid| tree::below(git, &git.find_commit(commit)?.tree()?, &place::directory(run));
    match (line.tip, tip) {
        (Some(main), Some(tip)) => matches!((directory(main), directory(tip)), (Ok(Some(a)), Ok(Some(b))) if a == b),
        _ => false,
    }
}

/// Checks one run: its branch from the tip to its beginning. `merged` is the commit of it that `main` merged last.
pub(super) fn check(git: &Repository, run: RunId, tip: Option<Oid>, merged: Option<Oid>, verified: &mut Verified) {
    let findings = &mut verified.findings;
    if let Some(merged) = merged {
        let holds = tip.is_some_and(|tip| tip == merged || git.graph_descendant_of(tip, merged).unwrap_or(false));
        if !holds {
            findings.push(Place::default().run(run).found(Flawed::Branch { run, merged: merged.to_string() }));
        }
    }
    let Some(tip) = tip.or(merged) else {
        findings.push(Place::default().run(run).found(Flawed::NoSuchRun));
        return;
    };
    verified.runs += 1;
    let mut newer: Option<(Oid, Vec<u8>)> = None;
    let mut chain: Option<Reading> = None;
    let mut next = Some(tip);
    while let Some(commit) = next {
        verified.commits += 1;
        let at = Place::commit(commit).run(run);
        let (text, parents) = match git.find_commit(commit) {
            Ok(found) => {
                (String::from_utf8_lossy(found.message_raw_bytes()).into_owned(), found.parent_ids().collect::<Vec<_>>())
            }
            Err(error) => {
                verified.findings.push(at.unreadable(&error));
                return;
            }
        };
        let (directory, journal) = match content::journal(git, commit, run, &at) {
            Ok(found) => found,
            Err(finding) => {
                verified.findings.push(finding);
                return;
            }
        };
        let file = format!("{}/{JOURNAL}", place::directory(run).join("/"));
        if let Some((newer, longer)) = &newer {
            verified.findings.extend(continues(&journal, longer, run, commit, *newer, &file));
        }
        // A journal that is the beginning of one that was read already need not be read again.
        let known = chain.as_ref().zip(newer.as_ref()).filter(|(_, (_, longer))| longer.starts_with(&journal));
        let end = match known.and_then(|(reading, _)| reading.marks.iter().find(|(end, _)| *end == journal.len())) {
            Some((_, head)) => Some(*head),
            None => match Reading::of(&journal, Some(run)) {
                Ok(reading) => {
                    if commit == tip {
                        verified.records += reading.records.len() as u64;
                        content::check(git, &at, directory, &reading, &mut verified.findings);
                    }
                    let head = reading.head();
                    chain = Some(reading);
                    Some(head)
                }
                Err(unsound) => {
                    verified.findings.push(at.clone().path(file).unsound(unsound));
                    None
                }
            },
        };
        if let Some(head) = end {
            content::trailers(&at, &text, run, head.next.0, &head.digest, &mut verified.findings);
        }
        next = parents.first().copied();
        newer = Some((commit, journal));
    }
}

/// Whether `longer` (of the commit `newer`) begins with `journal` (of the commit `older`).
fn continues(journal: &[u8], longer: &[u8], run: RunId, older: Oid, newer: Oid, file: &str) -> Option<Finding> {
    if longer.starts_with(journal) {
        return None;
    }
    let at = Place::commit(newer).run(run).path(file);
    Some(match reading::first_difference(longer, journal) {
        Some((record, offset)) => at.record(record, offset).found(Flawed::Rewritten(older.to_string())),
        None => at.record(Seq(reading::count(longer)), longer.len() as u64).found(Flawed::Shortened(older.to_string())),
    })
}
