//! The writing of a journal, on a disk that fails when it is told to.

use std::rc::Rc;

use rustix::io::Errno;
use tokio::task::LocalSet;

use super::*;
use crate::journal::Reading;
use crate::journal::sample::{ended, fresh_run, holder, intent, noted, now};
use crate::journal::scripted_disk::{Fault, ScriptedDisk};

fn journal(disk: &ScriptedDisk) -> (Journal, tempfile::TempDir) {
    let (home, run_dir) = fresh_run();
    let lease = Lease::take(&run_dir, &holder("ada")).unwrap();
    (Journal::new(Box::new(disk.clone()), run_dir.run(), Epoch(1), Extent::EMPTY, lease), home)
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(LocalSet::new().run_until(future))
}

fn read(journal: &Journal, disk: &ScriptedDisk) -> Reading {
    Reading::of(journal.run(), "journal.jsonl".as_ref(), &disk.bytes()).unwrap()
}

#[test]
fn a_receipt_comes_after_the_flush() {
    let disk = ScriptedDisk::default();
    let (journal, _home) = journal(&disk);
    let (record, receipt) = block_on(journal.intend(intent("migrate"), now())).unwrap();
    assert_eq!((disk.flushes(), disk.flushed()), (1, disk.bytes().len()));
    assert_eq!((receipt.seq(), receipt.path().name()), (record.seq, "migrate"));
    assert_eq!(read(&journal, &disk).records, [record]);
    assert_eq!(journal.durable(), journal.written());
}

#[test]
fn one_flush_covers_the_outcome_and_the_next_intent() {
    let disk = ScriptedDisk::default();
    let (journal, _home) = journal(&disk);
    block_on(async {
        for step in 0..100 {
            let (_, receipt) = journal.intend(intent(&format!("step {step}")), now()).await.unwrap();
            journal.append(ended(&receipt), now()).unwrap();
        }
        journal.sync().await.unwrap();
        journal.sync().await.unwrap();
    });
    assert_eq!(disk.flushes(), 101);
    assert_eq!(read(&journal, &disk).records.len(), 200);
}

#[test]
fn one_flush_serves_all_tasks_that_wait() {
    let disk = ScriptedDisk::default();
    let (journal, _home) = journal(&disk);
    let journal = Rc::new(journal);
    block_on(async {
        let tasks: Vec<_> = (0..50)
            .map(|step| {
                let journal = Rc::clone(&journal);
                tokio::task::spawn_local(async move { journal.intend(intent(&format!("{step}")), now()).await.map(drop) })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
    assert_eq!(disk.flushes(), 1);
    assert_eq!(read(&journal, &disk).records.len(), 50);
}

#[test]
fn two_facts_of_one_write_are_what_two_writes_make() {
    let (one, two) = (ScriptedDisk::default(), ScriptedDisk::default());
    two.at_most(7);
    let ((together, _home), (apart, _other)) = (journal(&one), journal(&two));
    let (_, receipt) = block_on(together.intend(intent("migrate"), now())).unwrap();
    drop(block_on(apart.intend(intent("migrate"), now())).unwrap());
    let facts = [ended(&receipt), noted("done")];
    let writes = one.writes();
    let written = together.append_both(facts[0].clone(), facts[1].clone(), now()).unwrap();
    assert_eq!(one.writes(), writes + 1);
    assert_eq!(written, facts.map(|fact| apart.append(fact, now()).unwrap()));
    assert_eq!((one.bytes(), together.written()), (two.bytes(), apart.written()));
    assert_eq!(read(&together, &one).records[1..], written);
}

#[test]
fn short_writes_are_completed() {
    let disk = ScriptedDisk::default();
    disk.at_most(7);
    let (journal, _home) = journal(&disk);
    let first = journal.append(noted("one"), now()).unwrap();
    let second = journal.append(noted("two"), now()).unwrap();
    assert_eq!(read(&journal, &disk).records, [first, second]);
}

#[test]
fn a_failed_flush_is_never_tried_again() {
    let disk = ScriptedDisk::default();
    let (journal, _home) = journal(&disk);
    disk.fail(Fault::Flush, Errno::IO);
    let run = journal.run();
    let lost = block_on(journal.intend(intent("migrate"), now())).unwrap_err();
    assert_eq!(lost, Lost::Flush { run, source: Errno::IO });
    disk.heal();
    let tried = disk.flushes();
    assert_eq!(journal.sync_blocking(), Err(Lost::Earlier { run }));
    assert_eq!(block_on(journal.intend(intent("migrate"), now())).unwrap_err(), Lost::Earlier { run });
    assert_eq!(journal.append(noted("one"), now()), Err(Lost::Earlier { run }));
    assert_eq!((disk.flushes(), read(&journal, &disk).records.len()), (tried, 1));
    assert_eq!(journal.durable(), Extent::EMPTY);
}

#[test]
fn a_failed_flush_stops_every_task_that_waits_for_it() {
    let disk = ScriptedDisk::default();
    let (journal, _home) = journal(&disk);
    disk.fail(Fault::Flush, Errno::IO);
    let (one, two, three) = block_on(async {
        let intend = |name: &str| journal.intend(intent(name), now());
        tokio::join!(intend("one"), intend("two"), intend("three"))
    });
    let mut lost = [one, two, three].map(Result::unwrap_err);
    lost.sort_by_key(|lost| matches!(lost, Lost::Earlier { .. }));
    assert!(matches!(lost, [Lost::Flush { .. }, Lost::Earlier { .. }, Lost::Earlier { .. }]), "{lost:?}");
    assert_eq!(disk.flushes(), 1);
}

#[test]
fn a_line_that_broke_off_is_dropped_by_the_next_reader() {
    for kept in [0, 1, 40] {
        let disk = ScriptedDisk::default();
        let (journal, _home) = journal(&disk);
        let first = journal.append(noted("one"), now()).unwrap();
        disk.fail(Fault::WriteAfter(kept), Errno::NOSPC);
        let lost = journal.append(noted("two"), now()).unwrap_err();
        assert_eq!(lost, Lost::Write { run: journal.run(), source: Errno::NOSPC });
        assert!(lost.to_string().starts_with("cannot append to the journal: No space left on device"), "{lost}");
        disk.heal();
        assert_eq!(journal.append(noted("three"), now()), Err(Lost::Earlier { run: journal.run() }));
        let reading = read(&journal, &disk);
        assert_eq!(reading.records, [first]);
        assert_eq!(reading.cut_tail, (kept > 0).then_some(kept as u64));
    }
}

#[test]
fn without_room_an_intent_is_refused_and_outcomes_still_fit() {
    let disk = ScriptedDisk::default();
    let (journal, _home) = journal(&disk);
    let (_, receipt) = block_on(journal.intend(intent("first"), now())).unwrap();
    assert_eq!(disk.reserved(), 64 * 1024);
    disk.fail(Fault::Reserve, Errno::NOSPC);
    let before = disk.bytes();
    let lost = block_on(journal.intend(intent("next"), now())).unwrap_err();
    assert!(lost.journal_lives());
    assert_eq!(lost, Lost::NoRoom { run: journal.run(), source: Errno::NOSPC });
    assert_eq!(disk.bytes(), before);
    journal.append(ended(&receipt), now()).unwrap();
    journal.sync_blocking().unwrap();
    disk.heal();
    drop(block_on(journal.intend(intent("next"), now())).unwrap());
}

#[test]
fn every_step_under_way_has_its_own_room() {
    let disk = ScriptedDisk::default();
    let (journal, _home) = journal(&disk);
    for step in 1..=20u64 {
        drop(block_on(journal.intend(intent(&format!("{step}")), now())).unwrap());
        assert!(disk.reserved() >= disk.bytes().len() as u64 + step * 32 * 1024);
    }
}

#[test]
fn a_file_system_that_cannot_set_room_aside_is_used_without() {
    let disk = ScriptedDisk::default();
    disk.fail(Fault::Reserve, Errno::OPNOTSUPP);
    let (journal, _home) = journal(&disk);
    drop(block_on(journal.intend(intent("first"), now())).unwrap());
    assert_eq!(disk.reserved(), 0);
}

#[test]
fn a_second_writer_is_noticed_before_the_receipt() {
    let disk = ScriptedDisk::default();
    let (journal, _home) = journal(&disk);
    journal.append(noted("one"), now()).unwrap();
    let wanted = disk.bytes().len() as u64;
    disk.intrude(b"{}\n");
    let lost = block_on(journal.intend(intent("migrate"), now())).unwrap_err();
    assert_eq!(lost, Lost::NotAlone { run: journal.run(), found: wanted + 3, wanted });
    assert_eq!(disk.bytes().len() as u64, wanted + 3);
}

#[test]
fn room_is_given_back_at_the_end() {
    let disk = ScriptedDisk::default();
    let (journal, _home) = journal(&disk);
    drop(block_on(journal.intend(intent("first"), now())).unwrap());
    drop(journal);
    assert_eq!(disk.reserved(), disk.bytes().len() as u64);
}
