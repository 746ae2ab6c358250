//! Whose signatures stand under commits and statements, and what they are worth.

use std::collections::BTreeMap;

use git2::{ErrorCode, Oid, Repository};
use jiff::Timestamp;
use runbook_model::entry::{Entry, Record};
use runbook_model::signed::Signed;
use runbook_model::statement::{self, NAMESPACE};
use runbook_model::step::StepKind;

use super::finding::{Finding, Flawed, Place};
use super::{Request, Verified};
use crate::audit::reading::Reading;
use crate::signing::{self, AllowedSigners};

/// The namespace of signatures under commits.
const GIT: &str = "git";

/// Which runs have to be signed, by their environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demanded {
    /// Runs in environments that are not named below, and in none.
    pub elsewhere: bool,
    /// Runs in these environments.
    pub envs: BTreeMap<String, bool>,
}

impl Demanded {
    /// Every run.
    #[must_use]
    pub fn everywhere() -> Self {
        Self { elsewhere: true, envs: BTreeMap::new() }
    }

    /// Whether runs of this environment have to be signed.
    #[must_use]
    pub fn of(&self, env: Option<&str>) -> bool {
        env.and_then(|env| self.envs.get(env)).copied().unwrap_or(self.elsewhere)
    }
}

/// How much is signed, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signatures {
    /// Commits with a sound signature.
    pub commits: usize,
    /// Commits without one.
    pub unsigned_commits: usize,
    /// What people did, with their sound signature.
    pub acts: usize,
    /// What people did, unsigned.
    pub unsigned_acts: usize,
    /// How many of the sound ones are by whom: the principals of an allowed signer, or the fingerprint of a key that nobody
    /// vouches for.
    pub by: BTreeMap<String, usize>,
}

/// Checks the signature of a commit.
pub(super) fn commit(git: &Repository, id: Oid, at: &Place, env: Option<&str>, request: &Request<'_>, verified: &mut Verified) {
    let time = git.find_commit(id).ok().and_then(|commit| Timestamp::from_second(commit.committer().when().seconds()).ok());
    let (signature, content) = match git.extract_signature(&id, None) {
        Ok(parts) => parts,
        Err(error) if error.code() == ErrorCode::NotFound => {
            verified.signatures.unsigned_commits += 1;
            if request.demanded.of(env) {
                verified.findings.push(at.clone().found(Flawed::Unsigned));
            }
            return;
        }
        Err(error) => {
            verified.findings.push(at.clone().unreadable(&error));
            return;
        }
    };
    match judged(&signature, GIT, &content, time.unwrap_or(Timestamp::UNIX_EPOCH), request.signers) {
        Ok((_, who)) => {
            verified.signatures.commits += 1;
            *verified.signatures.by.entry(who).or_default() += 1;
        }
        Err(why) => verified.findings.push(at.clone().found(Flawed::Signature(why))),
    }
}

/// Checks what people signed in a journal, and finds what they did not.
pub(super) fn statements(reading: &Reading, at: &Place, file: &str, request: &Request<'_>, verified: &mut Verified) {
    let demanded = request.demanded.of(reading.started.env.as_deref());
    for (index, record) in reading.records.iter().enumerate() {
        let here = || at.clone().path(file).record(record.seq, reading.offset(index) as u64);
        if let Entry::Signed(signed) = &record.entry {
            match sound(reading, index, record, signed, request) {
                Ok(who) => {
                    verified.signatures.acts += 1;
                    *verified.signatures.by.entry(who).or_default() += 1;
                }
                Err(flaw) => verified.findings.push(here().found(flaw)),
            }
        } else if statement::wants_signature(&record.entry).is_some() && act_is_unsigned(reading, index, record) {
            verified.signatures.unsigned_acts += 1;
            if demanded {
                verified.findings.push(here().found(Flawed::UnsignedAct));
            }
        }
    }
}

/// The neighbour that a statement belongs to, or that belongs to a statement.
fn act_is_unsigned(reading: &Reading, index: usize, act: &Record) -> bool {
    let neighbour = if statement::comes_after(act) { Some(index + 1) } else { index.checked_sub(1) };
    let record = neighbour.and_then(|at| reading.records.get(at));
    !matches!(record.map(|record| &record.entry), Some(Entry::Signed(signed)) if signed.is_about(&act.entry))
}

/// Who made a statement; what does not fit otherwise.
fn sound(reading: &Reading, index: usize, record: &Record, signed: &Signed, request: &Request<'_>) -> Result<String, Flawed> {
    let before = index.checked_sub(1).and_then(|at| reading.records.get(at));
    let after = reading.records.get(index + 1);
    let about = before.filter(|act| statement::comes_after(act) && signed.is_about(&act.entry));
    let about = about.or_else(|| after.filter(|act| !statement::comes_after(act) && signed.is_about(&act.entry)));
    // A process that died between the two left a statement without its act: it says what somebody was about to do.
    if about.is_none() && after.is_some_and(|after| after.epoch == record.epoch) {
        return Err(Flawed::Statement);
    }
    let text = signed.text(reading.run(), &reading.started, reading.head_before(index), record.at);
    let (print, who) =
        judged(signed.signature.as_bytes(), NAMESPACE, text.as_bytes(), record.at, request.signers).map_err(Flawed::Signature)?;
    if print != signed.key {
        return Err(Flawed::Signature(format!("it was made with {print}, the record names {}", signed.key)));
    }
    // Where a confirm says who may answer, the name counts: so the key must be that person's.
    let names = signed.path.as_ref().is_some_and(|path| {
        reading.records[..index].iter().rev().find_map(|record| match &record.entry {
            Entry::StepIntended(intent) if intent.path == *path => Some(&intent.spec.kind),
            _ => None,
        }).is_some_and(|kind| matches!(kind, StepKind::Confirm(confirm) if !confirm.by.is_empty() || confirm.not_self || confirm.quorum.is_some()))
    });
    if names && request.signers.is_some() {
        AllowedSigners::is_of(&who, &signed.by.name, &signed.by.host).map_err(|why| Flawed::Signature(why.to_string()))?;
    }
    Ok(who)
}

/// The fingerprint of the key that made a signature, and whose it is.
fn judged(
    signature: &[u8],
    namespace: &'static str,
    payload: &[u8],
    at: Timestamp,
    signers: Option<&AllowedSigners>,
) -> Result<(String, String), String> {
    let key = signing::check(signature, namespace, payload).map_err(|unsound| unsound.to_string())?;
    let print = signing::fingerprint(&key);
    let who = match signers {
        Some(signers) => signers.who(&key, namespace, at).map_err(|why| format!("{why} ({print})"))?.to_owned(),
        None => print.clone(),
    };
    Ok((print, who))
}

impl Finding {
    /// Whether this is about a signature, and not about what is signed.
    #[must_use]
    pub fn is_about_a_signature(&self) -> bool {
        matches!(self.flaw, Flawed::Unsigned | Flawed::UnsignedAct | Flawed::Signature(_) | Flawed::Statement)
    }
}
