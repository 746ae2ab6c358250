//! Whether the branch of a run tells a story that only grows.

use std::collections::BTreeMap;

use git2::{Oid, Repository};
use runbook_model::chain::Head;
use runbook_model::id::{RunId, Seq};

use super::content;
use super::finding::{Finding, Flawed, Place};
use super::main_line::MainLine;
use super::{Request, Verified, signatures};
use crate::audit::contents::JOURNAL;
use crate::audit::facts::{self, Facts};
use crate::audit::reading::{self, Reading};
use crate::audit::{lineage, message, place, tree};

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
            // A run whose journal is at hand need not be sealed yet; one that is only asked for by its name must be.
            if request.journal.is_none() {
                runs.entry(only).or_insert(None);
            }
        }
        (None, Some(_)) => runs.retain(|run, tip| line.merged.contains_key(run) || !is_on_main(git, line, *run, *tip)),
        (None, None) => {}
    }
    runs
}

/// Whether `main` holds exactly what the tip of the branch holds.
fn is_on_main(git: &Repository, line: &MainLine, run: RunId, tip: Option<Oid>) -> bool {
    let directory = |commit: Oid| tree::below(git, &git.find_commit(commit)?.tree()?, &place::directory(run));
    let same = |main: &Oid, tip| matches!((directory(*main), directory(tip)), (Ok(Some(a)), Ok(Some(b))) if a == b);
    tip.is_some_and(|tip| line.tips.iter().any(|main| same(main, tip)))
}

/// Checks one run: its branch from the tip to its beginning. `merged` is the commit of it that `main` merged last.
pub(super) fn check(
    git: &Repository,
    request: &Request<'_>,
    run: RunId,
    tip: Option<Oid>,
    merged: &[Oid],
    verified: &mut Verified,
) {
    let findings = &mut verified.findings;
    for merged in merged {
        let holds = tip.is_some_and(|tip| lineage::descends(git, tip, *merged).unwrap_or(false));
        if !holds {
            findings.push(Place::default().run(run).found(Flawed::Branch { run, merged: merged.to_string() }));
        }
    }
    let Some(tip) = tip.or(merged.first().copied()) else {
        findings.push(Place::default().run(run).found(Flawed::NoSuchRun));
        return;
    };
    verified.runs += 1;
    let file = format!("{}/{JOURNAL}", place::directory(run).join("/"));
    let mut walk = Walk { git, request, run, file, newer: None, chain: None };
    let mut next = Some(tip);
    while let Some(commit) = next {
        verified.commits += 1;
        next = match walk.step(commit, verified) {
            Ok(parent) => parent,
            Err(finding) => {
                verified.findings.push(*finding);
                None
            }
        };
    }
}

/// The way from the tip of a branch to its beginning.
struct Walk<'g> {
    git: &'g Repository,
    request: &'g Request<'g>,
    run: RunId,
    /// The path of the journal in every commit.
    file: String,
    /// The commit behind the present one, and its journal.
    newer: Option<(Oid, Vec<u8>)>,
    /// The longest journal that was read: what is its beginning need not be read again.
    chain: Option<Reading>,
}

impl Walk<'_> {
    /// Checks one commit; gives the one before it. The error is a finding that ends the walk.
    fn step(&mut self, id: Oid, verified: &mut Verified) -> Result<Option<Oid>, Box<Finding>> {
        let (git, run) = (self.git, self.run);
        let at = Place::commit(id).run(run);
        let commit = git.find_commit(id).map_err(|error| Box::new(at.clone().unreadable(&error)))?;
        let text = String::from_utf8_lossy(commit.message_raw_bytes()).into_owned();
        let held = content::held(git, id, run, &at)?;
        let findings = &mut verified.findings;
        if let Some((newer, longer)) = &self.newer {
            findings.extend(continues(&held.journal, longer, run, id, *newer, &self.file));
        }
        if let Some((records, head)) = self.known(&held.journal) {
            content::bindings(&at, &text, run, head, findings);
            if let Some(chain) = &self.chain {
                content::sources(git, &at, held.directory, run, facts::sources_at(chain, records), findings);
            }
        } else {
            match Reading::of(&held.journal, Some(run)) {
                Ok(reading) => {
                    let facts = Facts::of(&reading);
                    // A commit made at the end of a session says so; one that was made before, by an offer, does not.
                    let outcome = facts.ended.as_ref().filter(|_| message::trailer(&text, "Outcome").is_some());
                    content::trailers(&at, &text, &facts, outcome, findings);
                    content::check(git, &at, held.directory, &reading, findings);
                    if self.chain.is_none() {
                        signatures::statements(&reading, &at, &self.file, self.request, verified);
                    }
                    verified.records += if self.newer.is_none() { reading.records.len() as u64 } else { 0 };
                    self.chain = Some(reading);
                }
                Err(unsound) => findings.push(at.clone().path(self.file.clone()).unsound(unsound)),
            }
        }
        let env = self.chain.as_ref().and_then(|chain| chain.started.env.as_deref());
        signatures::commit(git, id, &at, env, self.request, verified);
        self.newer = Some((id, held.journal));
        Ok(commit.parent_ids().next())
    }

    /// How many records, and the end of the chain there, when the journal is the beginning of one that was read already.
    fn known(&self, journal: &[u8]) -> Option<(usize, Head)> {
        let (_, longer) = self.newer.as_ref()?;
        let marks = &self.chain.as_ref()?.marks;
        let at = marks.binary_search_by_key(&journal.len(), |(end, _)| *end).ok()?;
        longer.starts_with(journal).then(|| (at + 1, marks[at].1))
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
