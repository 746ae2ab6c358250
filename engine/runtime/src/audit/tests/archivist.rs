//! The thread that seals.

use super::fixture::{Ledger, Place, completed, run};
use crate::audit::{Archivist, Journal, Request, SealError, Standing, verify};

#[tokio::test]
async fn a_seal_that_is_waited_for_is_durable_and_offers_are_sealed_at_the_latest_when_it_stops() {
    let place = Place::new();
    let archivist = Archivist::start(place.open()).unwrap();
    let mut ledger = Ledger::begin(run(1), "api", None);
    archivist.seal_now(ledger.seal("before the first effect")).await.unwrap().unwrap();
    assert_eq!(place.open().sealed_upto(run(1)).unwrap(), Some(ledger.head));
    for n in 0..50 {
        ledger = ledger.command(&format!("step {n}"), b"x");
        archivist.offer(ledger.seal("going on"));
    }
    let archive = archivist.stop().unwrap();
    assert_eq!(archive.compare(run(1), &ledger.bytes).unwrap(), Standing::Level);
    let commits = place.git(&["rev-list", "--count", &format!("runs/{}", run(1))]);
    assert!(commits.trim().parse::<u32>().unwrap() < 10, "{commits} commits for 50 offers");
    assert_eq!(verify(&place.path(), &Request::default()).unwrap().findings, []);
}

#[tokio::test]
async fn a_failed_seal_is_remembered_until_one_succeeds() {
    let place = Place::new();
    let archivist = Archivist::start(place.open()).unwrap();
    let ledger = completed(1);
    let mut wrong = ledger.seal("");
    wrong.journal = Journal::File { path: place.state.path().join("none"), length: 10 };
    assert!(matches!(archivist.seal_now(wrong).await.unwrap(), Err(SealError::Read { .. })));
    let behind = archivist.behind(run(1)).unwrap().to_string();
    assert!(behind.starts_with("audit behind: the journal `") && behind.contains("No such file"), "{behind}");
    assert_eq!(archivist.behind(run(2)), None);

    let file = place.state.path().join("journal.jsonl");
    std::fs::write(&file, [&ledger.bytes[..], b"{\"torn"].concat()).unwrap();
    let mut seal = ledger.seal("");
    seal.journal = Journal::File { path: file, length: ledger.bytes.len() as u64 };
    let sealed = archivist.conclude(seal).await.unwrap().unwrap();
    assert_eq!(archivist.behind(run(1)), None);
    assert_eq!((sealed.head, sealed.new), (ledger.head, true));
}
