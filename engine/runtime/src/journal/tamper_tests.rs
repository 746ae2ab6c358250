//! Whatever happens to the bytes of a journal, it is read as it was written, or refused at the right place.

use std::path::Path;

use proptest::prelude::*;
use runbook_model::chain::{self, Broken, Head};
use runbook_model::entry::{Entry, Record, VERSION};
use runbook_model::id::{Epoch, RunId, Seq};

use super::sample::{fresh_run, holder, intent, noted, now, run_id};
use super::{Damaged, Journal, OpenError, ReadError, Reading, Records};

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let note = "\\PC{0,40}|[\\x00-\\x1f\"\\\\\u{2028}]{0,8}".prop_map(|text| noted(&text));
    let step = "[a-z]{1,8}".prop_map(|name| Entry::StepIntended(Box::new(intent(&name))));
    prop::collection::vec(prop_oneof![note, step], 1..8)
}

fn lines(run: RunId, entries: Vec<Entry>) -> (Vec<Vec<u8>>, Vec<Record>) {
    let mut head = Head::EMPTY;
    let written = entries.into_iter().map(|entry| {
        let record = Record { v: VERSION, run, seq: head.next, epoch: Epoch(1), at: now(), entry };
        let (mut line, next) = chain::encode(head, &record);
        head = next;
        line.push(b'\n');
        (line, record)
    });
    written.unzip()
}

fn read(content: &[u8]) -> Result<Reading, Damaged> {
    Reading::of(run_id(1), Path::new("journal.jsonl"), content)
}

/// The refusal that must name this record and the byte where it begins.
fn refused_at(lines: &[Vec<u8>], record: usize) -> Result<(), TestCaseError> {
    let damaged = match read(&lines.concat()) {
        Err(damaged) => damaged,
        Ok(reading) => return Err(TestCaseError::fail(format!("{} records were believed", reading.records.len()))),
    };
    prop_assert_eq!(damaged.record, Seq(record as u64));
    prop_assert_eq!(damaged.offset as usize, lines[..record].iter().map(Vec::len).sum::<usize>());
    Ok(())
}

proptest! {
    #[test]
    fn what_was_written_is_read(entries in entries()) {
        let (lines, records) = lines(run_id(1), entries);
        let content = lines.concat();
        let reading = read(&content).unwrap();
        prop_assert_eq!(reading.records, records);
        prop_assert_eq!((reading.bytes as usize, reading.cut_tail), (content.len(), None));
    }

    #[test]
    fn a_cut_at_any_byte_leaves_the_whole_records_before_it(entries in entries(), at in any::<prop::sample::Index>()) {
        let (lines, records) = lines(run_id(1), entries);
        let content = lines.concat();
        let cut = at.index(content.len() + 1);
        let (mut whole, mut bytes) = (0, 0);
        while whole < lines.len() && bytes + lines[whole].len() <= cut {
            bytes += lines[whole].len();
            whole += 1;
        }
        let reading = read(&content[..cut]).unwrap();
        prop_assert_eq!(&reading.records, &records[..whole]);
        prop_assert_eq!(reading.bytes as usize, bytes);
        prop_assert_eq!(reading.cut_tail.unwrap_or(0) as usize, cut - bytes);
    }

    #[test]
    fn a_flipped_bit_is_refused_at_its_record(entries in entries(), at in any::<prop::sample::Index>(), bit in 0..8u32) {
        let (mut lines, _) = lines(run_id(1), entries);
        let at = at.index(lines.concat().len());
        let mut begins = 0;
        let hit = lines.iter().position(|line| { begins += line.len(); at < begins }).unwrap();
        let within = at - (begins - lines[hit].len());
        lines[hit][within] ^= 1u8 << bit;
        if hit == lines.len() - 1 && within == lines[hit].len() - 1 {
            // The last line break is gone: this cannot be told from a write that broke off.
            prop_assert_eq!(read(&lines.concat()).unwrap().records.len(), hit);
        } else {
            refused_at(&lines, hit)?;
        }
    }

    #[test]
    fn a_flipped_bit_in_a_torn_tail_is_dropped_with_it(entries in entries(), at in any::<prop::sample::Index>(), bit in 0..8u32) {
        let (mut lines, records) = lines(run_id(1), entries);
        let last = lines.len() - 1;
        lines[last].pop();
        let at = at.index(lines[last].len());
        lines[last][at] ^= 1u8 << bit;
        if lines[last][at] == b'\n' {
            refused_at(&lines, last)?;
        } else {
            prop_assert_eq!(&read(&lines.concat()).unwrap().records, &records[..last]);
        }
    }

    #[test]
    fn a_removed_record_is_missed(entries in entries(), at in any::<prop::sample::Index>()) {
        let (mut lines, _) = lines(run_id(1), entries);
        prop_assume!(lines.len() > 1);
        // The last one is missed by the audit trail, not by the chain.
        let at = at.index(lines.len() - 1);
        lines.remove(at);
        refused_at(&lines, at)?;
    }

    #[test]
    fn a_repeated_record_is_refused(entries in entries(), at in any::<prop::sample::Index>()) {
        let (mut lines, _) = lines(run_id(1), entries);
        let at = at.index(lines.len());
        lines.insert(at, lines[at].clone());
        refused_at(&lines, at + 1)?;
    }

    #[test]
    fn swapped_records_are_refused(entries in entries(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let (mut lines, _) = lines(run_id(1), entries);
        let (a, b) = (a.index(lines.len()), b.index(lines.len()));
        prop_assume!(a != b);
        lines.swap(a, b);
        refused_at(&lines, a.min(b))?;
    }

    #[test]
    fn an_edited_record_with_a_new_digest_breaks_the_next_one(entries in entries(), at in any::<prop::sample::Index>()) {
        let (mut lines, records) = lines(run_id(1), entries);
        prop_assume!(lines.len() > 1);
        let at = at.index(lines.len() - 1);
        let mut head = Head::EMPTY;
        for line in &lines[..at] {
            head = chain::decode(head, None, &line[..line.len() - 1]).unwrap().1;
        }
        let edited = Record { entry: noted("nothing happened here at all"), ..records[at].clone() };
        lines[at] = chain::encode(head, &edited).0;
        lines[at].push(b'\n');
        refused_at(&lines, at + 1)?;
    }

    #[test]
    fn records_of_another_run_are_refused(ours in entries(), theirs in entries()) {
        let (mut mixed, _) = lines(run_id(1), ours);
        let (theirs, _) = lines(run_id(2), theirs);
        let damaged = read(&theirs.concat()).unwrap_err();
        prop_assert_eq!((damaged.record, damaged.why), (Seq(0), Broken::Run { found: run_id(2) }));
        let at = mixed.len();
        mixed.extend(theirs);
        refused_at(&mixed, at)?;
    }

    #[test]
    fn any_bytes_are_refused_or_a_torn_tail(content in prop::collection::vec(any::<u8>(), 0..300)) {
        match read(&content) {
            Ok(reading) => prop_assert!(reading.records.is_empty() && !content.contains(&b'\n')),
            Err(damaged) => prop_assert_eq!((damaged.record, damaged.offset), (Seq(0), 0)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_cut_file_is_opened_and_written_on(entries in entries(), at in any::<prop::sample::Index>()) {
        let (_home, run_dir) = fresh_run();
        let (lines, records) = lines(run_id(1), entries);
        let content = lines.concat();
        std::fs::write(run_dir.journal(), &content[..at.index(content.len() + 1)]).unwrap();
        let (journal, reading) = Journal::open(&run_dir, &holder("ada")).unwrap();
        prop_assert_eq!(&reading.records, &records[..reading.records.len()]);
        prop_assert_eq!(std::fs::metadata(run_dir.journal()).unwrap().len(), reading.bytes);
        let next = journal.append(noted("and on"), now()).unwrap();
        journal.sync_blocking().unwrap();
        drop(journal);
        let again = Journal::read(&run_dir).unwrap();
        prop_assert_eq!(again.records.last(), Some(&next));
        prop_assert_eq!(again.records.len(), reading.records.len() + 1);
    }
}

#[test]
fn damage_is_refused_and_left_as_it_is() {
    let (_home, run_dir) = fresh_run();
    let (mut lines, _) = lines(run_id(1), ["one", "two", "three"].map(noted).to_vec());
    let offset = lines[0].len();
    lines[1][9] ^= 1;
    let content = [lines.concat(), b"torn".to_vec()].concat();
    std::fs::write(run_dir.journal(), &content).unwrap();
    let OpenError::Read(ReadError::Damaged(damaged)) = Journal::open(&run_dir, &holder("ada")).unwrap_err() else {
        panic!("another error")
    };
    assert_eq!((damaged.record, damaged.offset, &damaged.why), (Seq(1), offset as u64, &Broken::Digest));
    let message = damaged.to_string();
    let verify = format!("`runbook verify {}`", run_dir.run());
    for part in ["journal.jsonl", "record 1", &format!("byte {offset}"), "damaged or edited", &verify] {
        assert!(message.contains(part), "{part} in {message}");
    }
    let file = run_dir.journal();
    let lines: Vec<_> = Records::of(run_dir.run(), &file, &content).take(9).map(|line| line.is_ok()).collect();
    assert_eq!(lines, [true, false], "nothing behind the damage is read");
    assert_eq!(std::fs::read(run_dir.journal()).unwrap(), content);
    assert_eq!(Journal::read(&run_dir), Err(ReadError::Damaged(damaged)));
}

#[test]
fn a_newer_format_is_named() {
    let (mut content, _) = lines(run_id(1), vec![noted("one")]);
    let text = String::from_utf8(content.remove(0)).unwrap().replace("\"v\":1", "\"v\":2");
    let (line, _) = text.rsplit_once(",\"digest\":").unwrap();
    let digest = runbook_model::digest::Digest::of(line.as_bytes());
    let damaged = read(format!("{line},\"digest\":\"{digest}\"}}\n").as_bytes()).unwrap_err();
    assert_eq!(damaged.why, Broken::Version(2));
}
