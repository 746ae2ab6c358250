//! Files of the keeper that may not grow while it lives, or cannot be read.

use std::fs;
use std::os::unix::fs::symlink;

use runbook_runtime::boot::boot_id;
use runbook_runtime::keeper::{Found, Keeper, KeeperFault, RunEnd};
use rustix::io::Errno;
use rustix::process::{Pid, Resource, Rlimit, prlimit, setrlimit};

use crate::place::{Place, block_on, exited, kill_and_wait, run, sh};

crate::tests![
    a_command_that_could_not_be_written_down_was_never_begun_and_may_be_asked_for_again,
    an_end_without_room_is_told,
    of_a_ledger_that_cannot_be_read_nothing_is_known,
];

/// Lets no file of the keeper grow beyond this many bytes.
fn limit(place: &Place, bytes: Option<u64>) {
    let keeper = i32::try_from(place.keeper_pid()).ok().and_then(Pid::from_raw);
    prlimit(keeper, Resource::Fsize, Rlimit { current: bytes, maximum: None }).expect("a child of ours");
}

fn ledger(place: &Place) -> u64 {
    place.file("ledger.jsonl").len() as u64
}

/// A keeper that is there. It was started under a limit, though one that nobody reaches: it does not look out for others.
async fn ready(place: &Place) -> Keeper {
    setrlimit(Resource::Fsize, Rlimit { current: Some(1 << 40), maximum: None }).expect("ours");
    let keeper = place.keeper();
    exited(&keeper, 1, sh("true")).await;
    keeper
}

fn a_command_that_could_not_be_written_down_was_never_begun_and_may_be_asked_for_again() {
    let place = Place::new();
    block_on(async {
        let keeper = ready(&place).await;
        let before = ledger(&place);
        let mark = place.dir.join("mark");
        // With no room at all, and with room for the half of a line.
        for room in [0, 20] {
            limit(&place, Some(before + room));
            let end = run(&keeper, 2, sh(&format!("echo done >> '{}'", mark.display()))).await;
            let RunEnd::Unwritten(unwritten) = end else { panic!("{end:?}") };
            assert_eq!(
                (unwritten.place.as_path(), unwritten.source),
                (place.dir.canonicalize().expect("a place").as_path(), Errno::FBIG)
            );
            assert!(!mark.exists() && ledger(&place) == before, "nothing was begun, and no half of a line is left");
        }
        limit(&place, None);
        exited(&keeper, 2, sh(&format!("echo done >> '{}'", mark.display()))).await;
        assert_eq!(place.file("mark"), b"done\n");
        limit(&place, Some(ledger(&place)));
        assert!(matches!(run(&keeper, 3, sh("true")).await, RunEnd::Unwritten(_)));
    });
    assert!(matches!(place.recover(3), Found::NeverBegun { .. }));
    assert!(matches!(place.recover(2), Found::Ended(RunEnd::Exited(_))));
}

/// It is told to whoever listens, written down or not. Whoever comes later finds it in doubt, and never as a failure.
fn an_end_without_room_is_told() {
    let place = Place::new();
    block_on(async {
        let keeper = ready(&place).await;
        // Room for the beginning, and none for an end that holds what was printed.
        limit(&place, Some(ledger(&place) + 500));
        let ended = exited(&keeper, 2, sh("head -c 5000 /dev/zero | tr '\\0' x")).await;
        assert_eq!((ended.stdout.size, ended.unkept.len()), (5000, 0), "the journal has all of it");
    });
    assert!(matches!(place.recover(2), Found::InDoubt { .. }));
}

/// No keeper begins anything with it either: which keys were used stands nowhere else.
fn of_a_ledger_that_cannot_be_read_nothing_is_known() {
    let place = Place::new();
    let keeper = place.keeper();
    block_on(async {
        exited(&keeper, 1, sh("true")).await;
        kill_and_wait(place.keeper_pid());
        let (ledger, aside) = (place.dir.join("ledger.jsonl"), place.dir.join("aside"));
        fs::rename(&ledger, &aside).expect("ours");
        // A file whose first page nobody can read.
        symlink("/proc/self/mem", &ledger).expect("a link");
        let found = Keeper::recover(&place.dir, 1, &boot_id().expect("Linux")).await;
        let Err(KeeperFault::Place { source, .. }) = found else { panic!("{found:?}") };
        assert_eq!(Errno::from_io_error(&source), Some(Errno::IO));
        let end = run(&keeper, 1, sh("true")).await;
        assert!(matches!(&end, RunEnd::Unwritten(unwritten) if unwritten.source == Errno::IO), "{end:?}");
        fs::rename(&aside, &ledger).expect("ours");
    });
    assert!(matches!(place.recover(1), Found::Ended(RunEnd::Exited(_))));
}
