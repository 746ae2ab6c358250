//! kill -9 at each boundary of a system call, of the engine and of the keeper, forwards and backwards.
#![cfg(target_arch = "x86_64")]

use std::collections::BTreeMap;

use crate::mount::tell;
use crate::scene::{Settled, end_back, end_forward, kill_keepers, open_step, scene, verdict};
use crate::support::Place;
use crate::tracer::{Blow, Prey, Strike, Struck, strike};

fn kill(prey: Prey, at: usize) -> Strike {
    Strike { prey, call: None, at, blow: Blow::Kill }
}

/// Strikes at every so many boundaries and says in one line what came of it.
///
/// In `verb`, `RUN` is the run that was prepared, `STEP` the one of its steps that is open, and `VERDICT` what is true of it.
pub(crate) fn sweep(
    what: &str,
    prey: Prey,
    few: usize,
    prepared: impl Fn() -> Place,
    verb: &[&str],
    end: impl Fn(&Place) -> Settled,
) {
    let struck = |place: &Place, at: usize| -> Struck {
        let words: Vec<_> = verb
            .iter()
            .map(|word| match *word {
                "RUN" => place.newest_run(),
                "STEP" => open_step(place),
                "VERDICT" => verdict(place, &open_step(place)).to_owned(),
                word => word.to_owned(),
            })
            .collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        strike(&place.command(&words), kill(prey, at))
    };
    let whole = struck(&prepared(), 0);
    assert!(matches!(whole.code(), Some(0 | 6)), "undisturbed: {whole:?}");
    let all = std::env::var_os("RUNBOOK_SWEEP").is_some_and(|wanted| wanted == "all");
    let step = if all { 1 } else { whole.calls.div_ceil(few) };
    let (mut boundaries, mut unbegun, mut doubts) = (0, 0, BTreeMap::<String, usize>::new());
    for at in (1..=whole.calls).step_by(step) {
        let place = prepared();
        let struck = struck(&place, at);
        // Two runs differ by a call or two; behind the last there is nothing to strike.
        let Some(hit) = struck.hit else { continue };
        let context = format!("{what}, boundary {at} of {} (`{hit}`)", whole.calls);
        let settled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| end(&place)));
        let Ok(settled) = settled else { panic!("violated: {context}\nit said: {}", struck.said) };
        assert!(settled.doubts.len() <= 1, "only the step in flight: {context}: {settled:?}");
        boundaries += 1;
        unbegun += usize::from(settled.never_began);
        settled.doubts.into_iter().for_each(|step| *doubts.entry(step).or_default() += 1);
    }
    let in_doubt: usize = doubts.values().sum();
    tell(&format!(
        "{what}: struck at {boundaries} of {} boundaries: 0 violations, {in_doubt} in doubt, {unbegun} before the run began",
        whole.calls
    ));
    assert!(boundaries > 0);
}

/// A run that died in its middle.
pub(crate) fn half_way() -> Place {
    let place = scene();
    let dies = Strike { prey: Prey::Engine, call: Some("fdatasync"), at: 3, blow: Blow::Kill };
    let struck = strike(&place.command(&["exec", "main", "--yes"]), dies);
    assert_eq!(struck.hit, Some("fdatasync"), "{struck:?}");
    place
}

/// A rollback that died in its middle.
fn half_way_back() -> Place {
    let place = completed();
    let dies = Strike { prey: Prey::Engine, call: Some("fdatasync"), at: 5, blow: Blow::Kill };
    let struck = strike(&place.command(&["rollback", &place.newest_run()]), dies);
    assert_eq!(struck.hit, Some("fdatasync"), "{struck:?}");
    place
}

fn completed() -> Place {
    let place = scene();
    place.expect(0, &["exec", "main", "--yes"]);
    place
}

#[test]
fn the_engine_dies_while_it_executes() {
    sweep("exec", Prey::Engine, 24, scene, &["exec", "main", "--yes"], end_forward);
}

#[test]
fn the_engine_dies_while_it_resumes() {
    sweep("resume", Prey::Engine, 16, half_way, &["resume", "RUN", "--yes"], end_forward);
}

#[test]
fn the_engine_dies_while_it_rolls_back() {
    sweep("rollback", Prey::Engine, 20, completed, &["rollback", "RUN"], end_back);
}

#[test]
fn the_engine_dies_while_it_goes_on_with_a_rollback() {
    sweep("rollback, once more", Prey::Engine, 10, half_way_back, &["rollback", "RUN"], end_back);
}

#[test]
fn the_engine_and_then_its_keeper_die() {
    let both = |place: &Place| {
        kill_keepers(place);
        end_forward(place)
    };
    sweep("exec, both die", Prey::Engine, 16, scene, &["exec", "main", "--yes"], both);
}

#[test]
fn the_keeper_dies_while_the_run_executes() {
    sweep("the keeper, exec", Prey::Keeper, 16, scene, &["exec", "main", "--yes"], end_forward);
}

#[test]
fn the_keeper_dies_while_the_run_rolls_back() {
    sweep("the keeper, rollback", Prey::Keeper, 12, completed, &["rollback", "RUN"], end_back);
}

/// A remote that each step is pushed to. What was on its way when the engine died may arrive there later, or never.
#[test]
fn the_engine_dies_while_it_pushes() {
    let remotes = tempfile::tempdir().expect("a directory");
    let made = std::sync::atomic::AtomicUsize::new(0);
    let anchored = || {
        let remote = remotes.path().join(format!("{}.git", made.fetch_add(1, std::sync::atomic::Ordering::Relaxed)));
        let init = std::process::Command::new("git").args(["init", "--quiet", "--bare"]).arg(&remote).status();
        assert!(init.expect("git").success());
        let place = scene();
        place.write("runbook.toml", &format!("[audit]\nremote = \"{}\"\n", remote.display()));
        place
    };
    let end = |place: &Place| {
        let settled = end_forward(place);
        place.expect(0, &["push"]);
        place.expect(0, &["push", "--status"]).says(&["0 branches"]);
        settled
    };
    sweep("exec, with a remote", Prey::Engine, 40, anchored, &["exec", "main", "--yes"], end);
}
