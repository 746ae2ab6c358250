//! kill -9 at each boundary of a system call while branches of a `parallel` run, of the engine and of the keeper.
#![cfg(target_arch = "x86_64")]

use crate::mount::tell;
use crate::scene::{ended_as, has_begun, is_proven, kill_keepers, reads_well};
use crate::support::Place;
use crate::tracer::{Blow, Prey, Strike, strike};

/// Three items, two at a time, two effects each, between two others.
const RUNBOOK: &str = r#"
command("before", #{ run: ["sh", "-c", "echo before >> ledger"], rollback: ["sh", "-c", "echo back before >> ledger"] });
parallel("all", ["a", "b", "c"], #{ max: 2 }, |item| {
    command("one", #{ run: ["sh", "-c", `echo ${item} one >> ledger`], rollback: ["sh", "-c", `echo back ${item} one >> ledger`] });
    check("between", || fs::exists("ready"));
    command("two", #{ run: ["sh", "-c", `echo ${item} two >> ledger`], rollback: ["sh", "-c", `echo back ${item} two >> ledger`] });
});
command("after", #{ run: ["sh", "-c", "echo after >> ledger"], rollback: ["sh", "-c", "echo back after >> ledger"] });
"#;

const EFFECTS: [&str; 8] = ["a one", "a two", "after", "b one", "b two", "before", "c one", "c two"];

fn scene() -> Place {
    let place = Place::with(RUNBOOK);
    place.write("ready", "");
    place
}

/// The steps whose end nobody has written down: at most one in each branch.
fn open_steps(place: &Place) -> Vec<String> {
    let journal = place.journal();
    let last = |kind: &str, path: &str| journal.iter().rposition(|it| it["type"] == kind && it["path"] == path);
    let commands = journal.iter().filter(|it| it["type"] == "step_intended" && it["spec"]["kind"] == "command");
    let mut open: Vec<_> = commands
        .filter_map(|it| it["path"].as_str())
        .filter(|path| {
            let began = last("step_intended", path);
            last("step_ended", path) < began && last("step_resolved", path) < began
        })
        .map(str::to_owned)
        .collect();
    open.sort();
    open.dedup();
    open
}

/// Whether the effect of a step is there, as an operator sees who looks.
fn verdict(place: &Place, path: &str) -> &'static str {
    let rollback = path.starts_with("~rollback/");
    let parts: Vec<_> = path.trim_start_matches("~rollback/").split('/').filter(|part| !part.starts_with('~')).collect();
    let line = match parts.as_slice() {
        ["all", item, step] => format!("{item} {step}"),
        [step] => (*step).to_owned(),
        other => panic!("no step of this runbook: {other:?}"),
    };
    let line = if rollback { format!("back {line}") } else { line };
    if place.ledger().contains(&line) { "did" } else { "did-not" }
}

/// Types `verb` until it ends with `code`, settling what is in doubt; gives how many steps were.
fn bring(place: &Place, verb: &[&str], code: i32) -> usize {
    let mut doubts = 0;
    for _ in 0..8 {
        let ran = place.run(verb);
        match ran.code {
            Some(found) if found == code => return doubts,
            Some(5) => {
                // It names one at a time: of another the next session may still find out by itself.
                let open = open_steps(place).into_iter().find(|path| ran.err.contains(path.as_str()));
                let path = open.unwrap_or_else(|| panic!("it asks about no step that was in flight: {ran}"));
                doubts += 1;
                let (run, verdict) = (place.newest_run(), verdict(place, &path));
                place.expect(0, &["resolve", &run, &path, verdict, "--why", "seen in the ledger"]);
            }
            _ => panic!("neither ended nor in doubt: {ran}"),
        }
    }
    panic!("it comes to no end");
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

/// Brings a struck run to its end, and back; gives how many steps were in doubt.
fn end(place: &Place) -> usize {
    reads_well(place);
    if !has_begun(place) {
        place.expect(0, &["exec", "main"]);
    }
    let run = place.newest_run();
    let mut doubts = if ended_as(place, "completed") { 0 } else { bring(place, &["resume", &run], 0) };
    let there = place.ledger();
    assert_eq!(sorted(there.clone()), EFFECTS, "each effect once");
    for item in ["a", "b", "c"] {
        let place_of = |step: &str| there.iter().position(|line| *line == format!("{item} {step}"));
        assert!(place_of("one") < place_of("two"), "in order inside a branch: {there:?}");
    }
    assert_eq!((there[0].as_str(), there[7].as_str()), ("before", "after"), "{there:?}");
    is_proven(place);
    doubts += bring(place, &["rollback", &run], 6);
    let back: Vec<_> = place.ledger()[8..].to_vec();
    assert_eq!(sorted(back.clone()), EFFECTS.map(|line| format!("back {line}")), "each way back once");
    for item in ["a", "b", "c"] {
        let place_of = |step: &str| back.iter().position(|line| *line == format!("back {item} {step}"));
        assert!(place_of("two") < place_of("one"), "newest first inside a branch: {back:?}");
    }
    assert_eq!((back[0].as_str(), back[7].as_str()), ("back after", "back before"), "{back:?}");
    doubts
}

fn sweep(what: &str, prey: Prey, few: usize, and_its_keeper: bool) {
    let kill = |at| Strike { prey, call: None, at, blow: Blow::Kill };
    let whole = strike(&scene().command(&["exec", "main"]), kill(0));
    assert_eq!(whole.code(), Some(0), "undisturbed: {whole:?}");
    let all = std::env::var_os("RUNBOOK_SWEEP").is_some_and(|wanted| wanted == "all");
    let step = if all { 1 } else { whole.calls.div_ceil(few) };
    let (mut boundaries, mut in_doubt) = (0, 0);
    for at in (1..=whole.calls).step_by(step) {
        let place = scene();
        let struck = strike(&place.command(&["exec", "main"]), kill(at));
        let Some(hit) = struck.hit else { continue };
        if and_its_keeper {
            kill_keepers(&place);
        }
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| end(&place)));
        let Ok(doubts) = ended else {
            panic!("violated: {what}, boundary {at} of {} (`{hit}`)\nit said: {}", whole.calls, struck.said)
        };
        boundaries += 1;
        in_doubt += doubts;
    }
    tell(&format!("{what}: struck at {boundaries} of {} boundaries: 0 violations, {in_doubt} in doubt", whole.calls));
    assert!(boundaries > 0);
}

#[test]
fn the_engine_dies_among_branches() {
    sweep("branches, exec", Prey::Engine, 24, false);
}

#[test]
fn the_engine_and_its_keeper_die_among_branches() {
    sweep("branches, exec, both die", Prey::Engine, 24, true);
}

#[test]
fn the_keeper_dies_among_branches() {
    sweep("branches, the keeper", Prey::Keeper, 16, false);
}
