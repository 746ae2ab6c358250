//! The journal reader: any bytes are records, a torn line, or damage with a place; never a panic, never a guess.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runbook_model::chain::{self, Head};
use runbook_model::digest::Digest;
use runbook_model::id::RunId;
use runbook_model::state::RunState;
use runbook_runtime::journal::Reading;

fuzz_target!(|bytes: &[u8]| {
    let run = RunId::from_parts(0, 0);
    read(run, bytes);
    // Random bytes hardly ever have a right digest. So the same lines are taken once more as the content of records, and
    // linked as they would be by somebody who rewrites a journal.
    let (linked, of) = linked(bytes);
    read(of.unwrap_or(run), &linked);
});

/// Reads a journal; whatever can be read can be folded, and written again as it was.
fn read(run: RunId, bytes: &[u8]) {
    let reading = match Reading::of(run, "journal.jsonl".as_ref(), bytes) {
        Ok(reading) => reading,
        Err(damaged) => return assert!(!damaged.to_string().is_empty() && damaged.offset <= bytes.len() as u64),
    };
    assert_eq!(reading.bytes + reading.cut_tail.unwrap_or(0), bytes.len() as u64, "every byte is accounted for");
    // A state that cannot follow is refused in words; what can is the same however often it is folded.
    let folded = RunState::fold(&reading.records).map_err(|illegal| illegal.to_string());
    assert_eq!(folded, RunState::fold(&reading.records).map_err(|illegal| illegal.to_string()));
    let mut head = Head::EMPTY;
    for record in &reading.records {
        let (line, next) = chain::encode(head, record);
        let (again, _) = chain::decode(head, Some(run), &line).expect("what was read can be written and read");
        assert_eq!(again, *record);
        head = next;
    }
}

/// Links lines that lack their links. Gives the run of the first, when it has one.
fn linked(bytes: &[u8]) -> (Vec<u8>, Option<RunId>) {
    let (mut journal, mut prev, mut run) = (Vec::new(), Digest::ZERO, None);
    for line in bytes.split(|byte| *byte == b'\n') {
        let start = journal.len();
        journal.extend_from_slice(format!(r#"{{"prev":"{prev}","#).as_bytes());
        journal.extend_from_slice(line);
        let digest = Digest::of(&journal[start..]);
        journal.extend_from_slice(format!(r#","digest":"{digest}"}}"#).as_bytes());
        if run.is_none() {
            run = chain::decode(Head::EMPTY, None, &journal[start..]).ok().map(|(record, _)| record.run);
        }
        journal.push(b'\n');
        prev = digest;
    }
    (journal, run)
}
