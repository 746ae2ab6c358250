//! A disk that is full, fails, or takes half.

use crate::mount::Namespace;
use crate::support::Place;

const FILLS_THE_DISK: &str = r#"
command("a", #{ run: ["sh", "-c", "echo a >> ledger"], rollback: "nothing" });
command("fill", #{ run: ["sh", "-c", "echo fill >> ledger; cat /dev/zero > .runbook/filler 2> /dev/null; true"], rollback: "nothing" });
let wanted = "";
wanted.pad(8000, "x");
for n in range(0, 40) {
    command(`step ${n}`, #{ run: ["sh", "-c", `echo ${n} >> ledger`], env: #{ WANTED: wanted }, rollback: "nothing" });
}
"#;

/// What is wanted is long, so that the journal needs room before the keeper does.
///
/// Room for an outcome is set aside before the effect: the step that fills the disk is known to have ended.
#[test]
fn a_full_disk_stops_the_run_before_a_step_and_loses_no_outcome() {
    let Some(namespace) = Namespace::open("a full disk") else { return };
    let place = Place::with(FILLS_THE_DISK);
    let mounted = namespace.shell(&place, "mkdir -m 700 .runbook; mount -t tmpfs -o size=2m,mode=700 none .runbook");
    assert_eq!(mounted.code, Some(0), "{mounted}");
    let stopped = namespace.expect(&place, 130, &["exec", "main"]);
    stopped.says(&["No space left on device", "(none, tmpfs): ", " free of 2 MiB", "no other was begun", "runbook resume"]);
    let done = place.ledger();
    assert!(done.len() >= 2 && done.len() < 42 && done[..2] == ["a", "fill"], "{done:?}");
    let journal = namespace.shell(&place, "cat .runbook/runs/*/journal.jsonl").out;
    let ended = journal.lines().filter(|line| line.contains("\"step_ended\"") && line.contains("\"succeeded\"")).count();
    assert_eq!(ended, done.len(), "each effect has its outcome, and nothing else has one");
    // Still full: still the same, and nothing is run.
    let again = namespace.shell(&place, &format!("{} resume", env!("CARGO_BIN_EXE_runbook")));
    assert!(again.code == Some(130) && again.err.contains("No space left"), "{again}");
    assert_eq!(place.ledger(), done);
    namespace.shell(&place, "rm .runbook/filler");
    namespace.expect(&place, 0, &["resume"]);
    let wanted: Vec<_> = ["a", "fill"].map(str::to_owned).into_iter().chain((0..40).map(|n| n.to_string())).collect();
    assert_eq!(place.ledger(), wanted, "each once");
    namespace.expect(&place, 0, &["verify"]);
    let fsck = namespace.shell(&place, "git --git-dir .runbook/audit.git fsck --strict --full");
    assert_eq!(fsck.code, Some(0), "{fsck}");
}

/// Nothing is damaged, and `--unsealed` would not help: the journal has no room either.
#[test]
fn on_a_disk_that_is_full_already_no_run_begins() {
    let Some(namespace) = Namespace::open("a full disk at the start") else { return };
    let place = Place::with(r#"command("a", #{ run: ["sh", "-c", "echo a >> ledger"], rollback: "nothing" });"#);
    let mounted = namespace.shell(
        &place,
        "mkdir -m 700 .runbook; mount -t tmpfs -o size=1m,mode=700 none .runbook; cat /dev/zero > .runbook/filler 2> /dev/null || true",
    );
    assert_eq!(mounted.code, Some(0), "{mounted}");
    for arguments in [&["exec", "main"][..], &["exec", "main", "--unsealed", "no trail"]] {
        let refused = namespace.expect(&place, 10, arguments);
        refused.says(&["No space left on device", "free some space"]);
        assert!(!refused.err.contains("--unsealed REASON"), "{refused}");
    }
    assert_eq!(place.ledger(), [""; 0]);
    namespace.shell(&place, "rm .runbook/filler");
    namespace.expect(&place, 0, &["exec", "main"]);
    assert_eq!(place.ledger(), ["a"]);
}

#[cfg(target_arch = "x86_64")]
mod calls {
    use nix::errno::Errno;

    use crate::mount::tell;
    use crate::scene::{end_forward, scene};
    use crate::support::Place;
    use crate::tracer::{Blow, Prey, Strike, strike};

    /// Each call of a kind fails once, each in a run of its own: the run stops or gets over it, and afterwards it can be
    /// brought to the same end as an undisturbed one. `few` of them unless `RUNBOOK_SWEEP=all`.
    fn each_fails(prey: Prey, call: &'static str, blow: Blow, few: usize) -> Vec<(Option<i32>, String)> {
        let run = |at: usize| {
            let place = scene();
            let struck = strike(&place.command(&["exec", "main", "--yes"]), Strike { prey, call: Some(call), at, blow });
            (place, struck)
        };
        let whole = run(0).1;
        let all = std::env::var_os("RUNBOOK_SWEEP").is_some_and(|wanted| wanted == "all");
        let step = if all { 1 } else { whole.calls.div_ceil(few).max(1) };
        let mut told = Vec::new();
        let (mut struck_calls, mut doubts) = (0, 0);
        for at in (1..=whole.calls).step_by(step) {
            let (place, struck) = run(at);
            if struck.hit.is_none() {
                continue;
            }
            struck_calls += 1;
            let context = format!("{prey:?}, {call} {at} of {}, {blow:?}: {struck:?}", whole.calls);
            assert!(!matches!(struck.code(), None | Some(101)), "it ends in an orderly way: {context}");
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| end_forward(&place)));
            let Ok(ended) = ended else { panic!("violated: {context}") };
            doubts += ended.doubts.len();
            told.push((struck.code(), struck.said));
        }
        tell(&format!("{prey:?}, {call}, {blow:?}: {struck_calls} of {} calls: 0 violations, {doubts} in doubt", whole.calls));
        told
    }

    /// A second `fdatasync` may succeed for data that is lost: there is none, and no further step.
    #[test]
    fn a_journal_that_cannot_be_flushed_stops_the_process_at_once() {
        for (code, said) in each_fails(Prey::Engine, "fdatasync", Blow::Fail(Errno::EIO), 6) {
            assert_ne!(code, Some(0), "{said}");
            assert!(said.contains("Input/output error"), "{said}");
        }
    }

    /// It says which of the two it lost, and nothing is run in any case.
    #[test]
    fn a_rehearsal_that_loses_its_journal_or_its_trail_says_so() {
        let all = std::env::var_os("RUNBOOK_SWEEP").is_some_and(|wanted| wanted == "all");
        for (call, errno) in
            [("fdatasync", Errno::EIO), ("fsync", Errno::EIO), ("write", Errno::ENOSPC), ("rename", Errno::ENOSPC)]
        {
            let run = |at: usize| {
                let place = Place::with(
                    r#"for name in ["a", "b"] { command(name, #{ run: ["sh", "-c", "echo >> ledger"], rollback: "nothing" }); }"#,
                );
                let blow = Blow::Fail(errno);
                let struck = strike(
                    &place.command(&["exec", "main", "--dry-run"]),
                    Strike { prey: Prey::Engine, call: Some(call), at, blow },
                );
                (place, struck)
            };
            let whole = run(0).1.calls;
            let step = if all { 1 } else { whole.div_ceil(8).max(1) };
            let mut codes = std::collections::BTreeSet::new();
            for at in (1..=whole).step_by(step) {
                let (place, struck) = run(at);
                let context = format!("{call} {at} of {whole}: {struck:?}");
                assert!(matches!(struck.code(), Some(0 | 2 | 9 | 10 | 11 | 130)), "{context}");
                assert_eq!(struck.code() == Some(11), struck.said.contains("cannot be sealed"), "{context}");
                assert!(call != "fdatasync" || struck.code() == Some(130), "{context}");
                assert_eq!(place.ledger(), [""; 0], "{context}");
                codes.extend(struck.code());
                place.expect(0, &["exec", "main", "--dry-run"]);
                place.expect(0, &["seal"]);
                crate::scene::is_proven(&place);
            }
            tell(&format!("rehearsal, {call}, {errno:?}: {whole} calls, exit codes {codes:?}"));
        }
    }

    #[test]
    fn whatever_fsync_fails_the_run_can_be_brought_to_its_end() {
        each_fails(Prey::Engine, "fsync", Blow::Fail(Errno::EIO), 8);
    }

    #[test]
    fn whatever_write_finds_the_disk_full_the_run_can_be_brought_to_its_end() {
        each_fails(Prey::Engine, "write", Blow::Fail(Errno::ENOSPC), 10);
        each_fails(Prey::Engine, "openat", Blow::Fail(Errno::ENOSPC), 6);
        each_fails(Prey::Engine, "mkdir", Blow::Fail(Errno::ENOSPC), 4);
    }

    /// Whatever the keeper cannot write (who it is, that a command begins, runs or has ended, what it printed): no step fails
    /// for it. Either the run goes on, or it is broken off and says why.
    #[test]
    fn whatever_the_keeper_cannot_write_no_step_fails_for_it() {
        for (call, few) in [("write", 12), ("openat", 8), ("ftruncate", 1), ("bind", 1)] {
            for errno in [Errno::ENOSPC, Errno::EIO] {
                for (code, said) in each_fails(Prey::Keeper, call, Blow::Fail(errno), few) {
                    assert!(matches!(code, Some(0 | 130)), "{call}, {errno}, {code:?}: {said}");
                    if code == Some(130) {
                        assert!(said.contains("cannot write in `") && said.contains("runbook resume"), "{call}, {errno}: {said}");
                    }
                }
            }
        }
    }

    /// A program that only looks needs a keeper as well, and a look that could not be taken is no "no".
    #[test]
    fn a_check_does_not_fail_for_a_keeper_that_finds_no_room() {
        for call in ["openat", "bind", "ftruncate", "write"] {
            let place = Place::with(r#"check("well", || { exec::output(["true"]); true });"#);
            let blow = Blow::Fail(Errno::ENOSPC);
            let struck = strike(&place.command(&["exec", "main"]), Strike { prey: Prey::Keeper, call: Some(call), at: 1, blow });
            assert!(struck.hit.is_some() && struck.code() == Some(130), "{call}: {struck:?}");
            assert!(struck.said.contains("cannot write in `"), "{call}: {struck:?}");
            place.expect(0, &["resume"]);
        }
    }

    /// Without room for the outcome a step is not started.
    #[test]
    fn without_room_set_aside_no_step_is_started() {
        for (code, said) in each_fails(Prey::Engine, "fallocate", Blow::Fail(Errno::ENOSPC), 2) {
            assert_eq!(code, Some(130), "{said}");
            assert!(said.contains("No space left on device") && said.contains("runbook resume"), "{said}");
        }
    }

    #[test]
    fn a_short_write_is_completed() {
        for prey in [Prey::Engine, Prey::Keeper] {
            for (code, said) in each_fails(prey, "write", Blow::Short, 8) {
                assert_eq!(code, Some(0), "{said}");
            }
        }
    }
}
