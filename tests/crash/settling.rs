//! kill -9 at each boundary of the commands by which people settle a run: answer, resolve, abandon, seal; and of a run that
//! holds a lock.
#![cfg(target_arch = "x86_64")]

use crate::scene::{FORWARD, Settled, bring, end_forward, ended_as, has_begun, is_proven, reads_well, scene};
use crate::support::Place;
use crate::sweep::{half_way, sweep};
use crate::tracer::{Blow, Prey, Strike, strike};

/// It waits at its confirm.
fn waiting() -> Place {
    let place = scene();
    place.expect(4, &["exec", "main"]);
    place
}

/// The keeper died with a command, and nobody knows what became of it.
fn in_doubt() -> Place {
    (1..60)
        .find_map(|at| {
            let place = scene();
            let dies = Strike { prey: Prey::Keeper, call: None, at, blow: Blow::Kill };
            (strike(&place.command(&["exec", "main", "--yes"]), dies).code() == Some(5)).then_some(place)
        })
        .expect("some death leaves a doubt")
}

/// It is completed, and the trail knows nothing of it.
fn unsealed() -> Place {
    let place = scene();
    place.expect(0, &["exec", "main", "--yes", "--unsealed", "the disk of the trail is full"]);
    place
}

/// Answers until that is accepted or was accepted before, and brings the run to its end.
fn answered(place: &Place) -> Settled {
    reads_well(place);
    let run = place.newest_run();
    let mut settled = Settled::default();
    let resume = || Some(place.run(&["resume", &run])).map(|ran| if ran.code == Some(4) { answer(place, &run) } else { ran });
    bring(place, &mut settled, resume, 0);
    let answers = place.entries().into_iter().filter(|kind| kind == "confirm_answered").count();
    assert_eq!(answers, 1, "one answer, and it is asked for no second time");
    assert_eq!(place.ledger(), FORWARD, "{settled:?}");
    is_proven(place);
    settled
}

fn answer(place: &Place, run: &str) -> crate::support::Ran {
    place.expect(0, &["answer", run, "--yes"]);
    place.run(&["resume", run])
}

/// Gives it up until it is given up: nothing is done, and it cannot go on.
fn abandoned(place: &Place) -> Settled {
    reads_well(place);
    let run = place.newest_run();
    let before = place.ledger();
    if !ended_as(place, "abandoned") {
        place.expect(0, &["abandon", &run, "--why", "once more"]);
    }
    assert_ne!(place.run(&["resume", &run, "--yes"]).code, Some(0), "it is over");
    assert_eq!(place.ledger(), before, "nothing was done");
    is_proven(place);
    Settled::default()
}

fn sealed(place: &Place) -> Settled {
    reads_well(place);
    assert_eq!(place.ledger(), FORWARD);
    is_proven(place);
    Settled::default()
}

#[test]
fn the_engine_dies_while_it_is_answered() {
    sweep("answer", Prey::Engine, 12, waiting, &["answer", "RUN", "--yes"], answered);
}

#[test]
fn the_engine_dies_while_a_doubt_is_settled() {
    let verb = ["resolve", "RUN", "STEP", "VERDICT", "--why", "seen in the ledger"];
    sweep("resolve", Prey::Engine, 12, in_doubt, &verb, end_forward);
}

#[test]
fn the_engine_dies_while_a_run_is_given_up() {
    sweep("abandon", Prey::Engine, 12, half_way, &["abandon", "RUN", "--why", "another way was found"], abandoned);
}

#[test]
fn the_engine_dies_while_it_seals() {
    sweep("seal", Prey::Engine, 12, unsealed, &["seal"], sealed);
}

/// A lock of a run that died keeps every other run out until that one is ended, and nobody longer.
#[test]
fn the_engine_dies_while_it_holds_a_lock() {
    const LOCKED: &str = "runbook(#{ title: \"T\", owner: \"o\", lock: \"api\" });\n";
    let command = |name: &str| {
        format!("command(\"{name}\", #{{ run: [\"sh\", \"-c\", \"echo {name} >> ledger\"], rollback: \"nothing\" }});\n")
    };
    let prepared = || {
        let place = Place::new();
        place.runbook("main", &format!("{LOCKED}{}{}{}", command("a"), command("b"), command("c")));
        place.runbook("other", &format!("{LOCKED}{}", command("other")));
        place
    };
    let ended = |place: &Place| {
        let died = has_begun(place);
        let says = |entry: &str| died && place.entries().iter().any(|kind| kind == entry);
        let (took, gave_back) = (says("lock_taken"), says("lock_released"));
        assert!(!gave_back || place.ledger() == FORWARD, "nothing is done behind it");
        let run = if died { place.newest_run() } else { String::new() };
        let other = place.run(&["exec", "other"]);
        if took && !gave_back {
            assert_eq!(other.code, Some(10), "it keeps others out: {other}");
            place.expect(0, &["resume", &run]);
            assert_eq!(place.ledger(), FORWARD);
            place.expect(0, &["exec", "other"]);
        } else {
            assert_eq!(other.code, Some(0), "nobody holds it: {other}");
        }
        place.expect(0, &["verify"]);
        Settled { never_began: !died, ..Settled::default() }
    };
    sweep("exec with a lock", Prey::Engine, 16, prepared, &["exec", "main"], ended);
}
