//! The engine's own log: what it does between two lines of a run, and how long that takes.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Place, Ran};

const BOOK: &str = r#"
    command("page", #{ run: ["true"], idempotent: true });
    check("root", || fs::read_link("here") == "/", #{ within: "5s" });
"#;

/// The messages, without the time and the level before them and the durations behind them.
fn spans(log: &str) -> Vec<String> {
    let of = |line: &str| Some(line.split_once(" DEBUG ")?.1.split(" close time.busy=").next()?.to_owned());
    log.lines().filter_map(of).collect()
}

/// A run with this filter, and where its log lies.
fn logged(filter: &str) -> (Place, Ran) {
    let place = Place::with(BOOK);
    std::os::unix::fs::symlink("/", place.path("here")).expect("a link");
    let mut command = place.command(&["exec", "main", "--log", "engine.log"]);
    command.env("RUNBOOK_LOG", filter);
    let ran = Ran::of(command);
    assert_eq!(ran.code, Some(0), "{ran}");
    (place, ran)
}

#[test]
fn the_log_says_what_the_engine_does_and_how_long_it_takes() {
    let (place, ran) = logged("debug");
    ran.is_silent_about(&["DEBUG"]);

    let log = place.read("engine.log");
    let mode = std::fs::metadata(place.path("engine.log")).expect("a log").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    let told = spans(&log);
    // The intent is on disk before the change is made (I2), and all of it is sealed at the end.
    let mut next = told.iter();
    for wanted in ["load{entry=", "seal{run=", "prepare{path=page attempt=1}", "flush{", "perform{path=page attempt=1}"] {
        assert!(next.any(|span| span.starts_with(wanted)), "`{wanted}` is not there, or not in its place:\n{log}");
    }
    assert!(next.any(|span| span.starts_with("observe{path=root ")), "{log}");
    assert!(next.any(|span| span.starts_with("conclude{run=")), "{log}");
    assert!(log.contains("a keeper was started pid="), "{log}");
    assert!(log.lines().filter(|line| line.contains(" close time.busy=")).all(|line| line.contains(" time.idle=")), "{log}");
}

#[test]
fn a_log_of_warnings_says_nothing_of_a_run_without_any() {
    let (place, _) = logged("warn,runbook_runtime::anchor=trace");
    assert_eq!(place.read("engine.log"), "");
}

#[test]
fn a_filter_that_cannot_be_read_is_refused_with_one_that_can() {
    let place = Place::with(BOOK);
    for filter in ["runbook_runtime=loud", "a=b=c", "[step{path=page}]=debug"] {
        let mut command = place.command(&["list"]);
        command.env("RUNBOOK_LOG", filter);
        let ran = Ran::of(command);
        assert_eq!(ran.code, Some(2), "{ran}");
        ran.says(&[filter, "is no log filter", "RUNBOOK_LOG=debug"]);
    }
}

#[test]
fn a_level_with_a_typing_mistake_is_not_taken_for_a_module() {
    let place = Place::with(BOOK);
    for filter in ["dbug", "info,dbug", "warning"] {
        let mut command = place.command(&["list"]);
        command.env("RUNBOOK_LOG", filter);
        let ran = Ran::of(command);
        assert_eq!(ran.code, Some(2), "{ran}");
        ran.says(&[filter, "neither a level nor a module", "info, debug"]);
    }
}
