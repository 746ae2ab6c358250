//! Runs that nobody ran: what a seal takes, made without a process.

use jiff::{SignedDuration, Timestamp};
use runbook_model::chain::{self, Head};
use runbook_model::digest::Digest;
use runbook_model::entry::{Entry, Purpose, Record, Session, VERSION};
use runbook_model::id::{Epoch, RunId, Seq};
use runbook_model::person::{From, Person};
use runbook_model::status::RunStatus;
use runbook_runtime::audit::{Journal, Seal, SourceText};

/// A hundred runs a day: trails of 100, 1,000, 10,000 and 100,000 all end with a day, and the directory of the day, which
/// each commit writes anew, is as long behind each of them.
const APART: SignedDuration = SignedDuration::from_secs(864);
const SOURCE: &str = "runbook(#{ title: \"Roll the API back\" });\n";

/// A whole run of a few records: the `number`-th of its trail.
pub(crate) fn seal(number: u64) -> Result<Seal, String> {
    let wrong = |error: &dyn std::fmt::Display| error.to_string();
    let since = i32::try_from(number).map_err(|error| wrong(&error))?;
    let at = "2026-01-01T00:00:00Z".parse::<Timestamp>().map_err(|error| wrong(&error))? + APART * since;
    let run = RunId::from_parts(u64::try_from(at.as_millisecond()).map_err(|error| wrong(&error))?, u128::from(number));
    let started = serde_json::from_value(serde_json::json!({
        "runbook": "rollback-api", "title": "Roll the API back", "mode": "live", "params": {}, "root": "/srv/ops",
        "sources": [{ "name": "runbooks/rollback-api.rhai", "digest": Digest::of(SOURCE.as_bytes()) }],
    }));
    let session = Session {
        purpose: Purpose::Exec,
        operator: Person { name: "ann".to_owned(), host: "ops-1".to_owned(), from: From::CommandLine },
        pid: 1,
        boot: "b".to_owned(),
        engine: "bench".to_owned(),
        taken_over: None,
    };
    let entries = [
        Entry::RunStarted(started.map_err(|error| wrong(&error))?),
        Entry::SessionStarted(session),
        Entry::SessionEnded { status: RunStatus::Completed },
    ];
    let (mut head, mut bytes) = (Head::EMPTY, Vec::new());
    for (seq, entry) in (0..).zip(entries) {
        let record = Record { v: VERSION, run, seq: Seq(seq), epoch: Epoch(1), at, entry };
        let (line, next) = chain::encode(head, &record);
        bytes.extend_from_slice(&line);
        bytes.push(b'\n');
        head = next;
    }
    Ok(Seal {
        run,
        journal: Journal::Bytes(bytes),
        sources: vec![SourceText { name: "runbooks/rollback-api.rhai".to_owned(), text: SOURCE.to_owned() }],
        at,
        reason: "at the end".to_owned(),
    })
}
