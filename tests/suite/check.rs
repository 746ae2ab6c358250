//! `runbook check`: what it finds, how it ends, and for whom it writes.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::support::Place;

#[test]
fn what_would_fail_half_way_is_refused_before_the_first_effect() {
    let first = "command(\"first\", #{ run: [\"sh\", \"-c\", \"echo ran >> ledger\"], rollback: \"nothing\" });\n";
    for (mistake, code) in [
        ("command(\"second\", #{ run: [\"true\"], timeout: 5 });", "RB0005"),
        ("confirm();", "RB0020"),
        ("let seen = fs::read(\"x\");", "RB0008"),
        ("fn f() { confirm(\"x\") } check(\"y\", || f());", "RB0009"),
        ("let p = #{}; let q = 1; command(\"second\", #{ });", "RB0005"),
    ] {
        let place = Place::with(&format!("{first}{mistake}\n"));
        place.expect(2, &["check"]).says(&[code, "main.rhai:3"]);
        place.expect(2, &["exec", "main"]).says(&[code, "nothing was run"]);
        assert_eq!(place.ledger(), Vec::<String>::new(), "{mistake}");
    }
}

#[test]
fn a_run_goes_on_although_this_engine_would_not_have_started_it() {
    // What was started is pinned, and is not judged again: here by a source that was bad from the start.
    let place = Place::with("confirm(\"Go on?\");\nlet o = #{ run: [\"true\"], rollback: \"nothing\" };\ncommand(\"x\", o);\n");
    place.expect(4, &["exec", "main"]);
    place.runbook("main", "confirm(\"Go on?\");\ncommand(\"x\", #{ run: \"true\" });\n");
    place.expect(2, &["exec", "main"]);
    place.expect(0, &["answer", &place.newest_run(), "--yes"]);
    place.expect(0, &["resume"]);
}

#[test]
fn warnings_end_with_0_unless_they_are_meant_strictly_or_allowed() {
    let place = Place::with("runbook(#{ title: \"T\" });\n");
    place.expect(0, &["check"]).says(&["warning[RB0026]", "main.rhai:1", "1 runbook read, 1 warning"]);
    place.expect(2, &["check", "--strict"]);
    place.write("runbook.toml", "[check.allow]\nRB0026 = \"one team only\"\n");
    place.expect(0, &["check", "--strict"]).says(&["1 allowed by runbook.toml"]).is_silent_about(&["RB0026"]);
    for (allow, says) in [
        ("RB0004 = \"x\"", "cannot be allowed"),
        ("RB9999 = \"x\"", "is no error code"),
        ("RB0026 = \" \"", "needs its reason"),
        ("RB0026 = true", "wants a string"),
    ] {
        place.write("runbook.toml", &format!("[check.allow]\n{allow}\n"));
        place.expect(2, &["check"]).says(&[says, "runbook.toml:2"]);
    }
}

#[test]
fn an_alert_has_one_runbook() {
    let place = Place::new();
    place.runbook("one", "runbook(#{ title: \"T\", owner: \"o\", serves: [\"ApiDown\"] });");
    place.runbook(
        "two",
        "runbook(#{ title: \"T\", owner: \"o\",\n serves: [#{ alert: \"ApiDown\", labels: #{ team: \"x\" } }] });",
    );
    place.expect(2, &["check", "two", "--strict"]).says(&["RB0027", "`one` serves the alert `ApiDown`, too", "two.rhai:2"]);
    place
        .runbook("one", "runbook(#{ title: \"T\", owner: \"o\", serves: [#{ alert: \"ApiDown\", labels: #{ team: \"y\" } }] });");
    place.expect(0, &["check", "--strict"]);
}

#[test]
fn findings_are_written_for_code_hosts() {
    let place = Place::with("runbook(#{ title: \"T\", owner: \"o\", links: [\"no.md\"] });\n");
    let github = place.expect(0, &["check", "--format", "github"]).out;
    assert!(github.starts_with("::warning file=runbooks/main.rhai,line=1,endLine=1,col="), "{github}");
    let sarif: serde_json::Value = serde_json::from_str(&place.expect(0, &["check", "--format", "sarif"]).out).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "RB0028");
    let json: serde_json::Value = serde_json::from_str(&place.expect(0, &["check", "--output", "json"]).out).expect("JSON");
    assert_eq!(json["diagnostic"]["code"], "RB0028");
    place.write("no.md", "");
    assert_eq!(place.expect(0, &["check", "--format", "json"]).out, "");
}

#[test]
fn a_watch_checks_again_when_a_file_was_written() {
    let place = Place::with("confirm(\"x\");\n");
    let mut watching = place.command(&["check", "--watch"]).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(watching.stderr.take().expect("a pipe")).lines();
    let mut until = |text: &str| lines.by_ref().map(|line| line.expect("a line")).find(|line| line.contains(text));
    assert!(until("no mistakes").is_some());
    place.runbook("main", "confrim(\"x\");\n");
    assert!(until("did you mean `confirm`").is_some());
    assert!(until("1 error").is_some());
    place.write("runbooks/new/other.rhai", "runbook(#{ title: \"T\", owner: \"o\" });\nconfirm(\"x\");\n");
    assert!(until("2 runbooks read, 1 error").is_some());
    place.runbook("main", "confirm(\"x\");\n");
    assert!(until("2 runbooks read, no mistakes").is_some());
    watching.kill().expect("it is killed");
    watching.wait().expect("it ends");
}

#[test]
fn editors_get_definitions_that_hold_no_runbooks() {
    let place = Place::with("confirm(\"x\");\n");
    place.expect(0, &["definitions"]).says(&["definition files"]);
    let written = place.read(".rhai/definitions/runbook.d.rhai");
    assert!(
        written.contains("fn command(name: String, options: Map)") && written.contains("/// - `rollback_if_failed`:"),
        "{written}"
    );
    place.expect(0, &["definitions", "runbooks"]);
    place.expect(0, &["check"]).says(&["1 runbook read"]);
}

#[test]
fn where_there_is_no_runbook_nothing_passes() {
    let place = Place::with("1;");
    std::fs::remove_file(place.path("runbooks/main.rhai")).expect("removed");
    for verb in ["check", "test"] {
        let ran = place.expect(2, &[verb]);
        ran.says(&["there is no runbook in", "next: runbook config", "next: runbook new NAME"]);
        assert_eq!(ran.out, "");
    }
}
