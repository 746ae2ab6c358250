//! Runbooks that alerts lead to and that nobody has tried for long.

use super::{RUNBOOK, place, rule};

const WITHIN: [&str; 4] = ["alerts", "check", "r.yml", "--rehearsed-within"];

fn within(length: &str) -> Vec<&str> {
    [&WITHIN[..], &[length]].concat()
}

#[test]
fn a_rehearsal_makes_a_runbook_fresh_for_a_time() {
    let place = place();
    let to = |target: &str| format!("{{runbook_url: \"https://h/{target}\"}}");
    place.write("r.yml", &rule("ApiDown", &to("open/rollback-api?service=x")));
    // Whoever asks where nothing is known is not told that all is well.
    place.expect(2, &within("30d")).says(&["no run is known", "--state-dir"]);
    place.write("runbook.toml", "[alerts]\nrehearsed_within = \"30d\"\n");
    place.expect(0, &["alerts", "check", "r.yml"]).says(&["note: no run is known"]);

    place.runbook("other", "check(\"x\", || true);");
    place.expect(0, &["exec", "other"]);
    place.expect(0, &["alerts", "check", "r.yml"]).says(&[
        "warning[stale-rehearsal] runbooks/rollback-api.rhai:1",
        "not rehearsed within 30d",
        "there is no rehearsal",
    ]);
    place.expect(1, &["alerts", "check", "r.yml", "--strict"]);

    // One that failed has shown that it does not work.
    place.runbook("rollback-api", &RUNBOOK.replace("command(", "check(\"never\", || false);\ncommand("));
    let failed = place.run(&["exec", "rollback-api", "-p", "service=x", "--dry-run"]);
    assert!(failed.code != Some(0) && failed.err.contains("never"), "{failed}");
    place.expect(0, &["alerts", "check", "r.yml"]).says(&["stale-rehearsal"]);
    place.runbook("rollback-api", RUNBOOK);
    place.expect(0, &["exec", "rollback-api", "-p", "service=x", "--dry-run"]);
    place.expect(0, &["alerts", "check", "r.yml"]).is_silent_about(&["stale-rehearsal", "note"]);
    place.expect(0, &within("1ms")).says(&["stale-rehearsal", "not rehearsed within 1ms", "the last time was"]);

    // Only what alerts lead to is asked for, however the link says it.
    for (target, stale) in [("alert/ApiDown?svc=x", true), ("a/{{ $labels.svc }}", false), ("other/page", false)] {
        place.write("r.yml", &rule("ApiDown", &to(target)));
        let ran = place.run(&within("1ms"));
        assert_eq!(ran.err.contains("stale-rehearsal"), stale, "{target}: {ran}");
    }
}

#[test]
fn a_baseline_knows_the_finding_again_tomorrow() {
    let place = place();
    place.write("r.yml", &rule("ApiDown", "{runbook_url: \"https://h/open/rollback-api?service=x\"}"));
    place.expect(0, &["exec", "rollback-api", "-p", "service=x", "--dry-run"]);
    let known = |more: &[&'static str]| [&within("1ms")[..], &["--baseline", "known.json", "--strict"], more].concat();
    place.expect(0, &known(&["--write-baseline"]));
    place.expect(0, &known(&[])).says(&["known before"]);
    place.expect(1, &[&within("2ms")[..], &["--baseline", "known.json", "--strict"]].concat());
    place.write("r.yml", &place.read("r.yml").replace("  - alert", "  # runbook: allow stale-rehearsal\n  - alert"));
    place.expect(0, &[&within("1ms")[..], &["--strict"]].concat());
    place.expect(2, &within("soon")).says(&["not a length of time"]);
}
