use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use super::{place, rule};

#[test]
fn a_link_that_fits_is_silent_and_each_other_is_said_with_its_place() {
    let place = place();
    let good = "{runbook_url: \"https://h/open/rollback-api?service={{ $labels.svc | urlquery }}\"}";
    place.write("good.yml", &rule("ApiDown", good));
    place.expect(0, &["alerts", "check", "good.yml"]).says(&["1 alert, 1 with a link", "0 errors, 0 warnings"]);
    place.write("bad.yml", &rule("ApiDown", "{runbook_url: \"https://h/open/rolback-api\"}"));
    place
        .expect(1, &["alerts", "check", "good.yml", "bad.yml"])
        .says(&["error[no-such-runbook] bad.yml:6:32", "did you mean `rollback-api`?", "runbook explain RB0042"])
        .is_silent_about(&["good.yml:"]);
    place.write("none.yml", &rule("ApiDown", "{summary: x}"));
    place.expect(1, &["alerts", "check", "none.yml"]).says(&["[no-link]", "`rollback-api` serves it"]);
    place
        .expect(1, &["alerts", "check", "none.yml", "--annotation", "summary"])
        .says(&["[bad-url]"])
        .is_silent_about(&["no-link"]);
}

#[test]
fn programs_read_lines_logs_and_annotations() {
    let place = place();
    place.write("r.yml", &rule("\"A\\n::error::x\"", "{runbook_url: \"http://h/open/no,thing\"}"));
    let lines = place.expect(1, &["alerts", "check", "r.yml", "--format", "json"]).out;
    let kinds: Vec<_> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["finding"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["no-such-runbook", "not-https", "orphan-runbook"]);
    let log = place.expect(1, &["alerts", "check", "r.yml", "--format", "sarif"]).out;
    let log: Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"], 6);
    let annotations = place.expect(1, &["alerts", "check", "r.yml", "--format", "github"]).out;
    assert!(annotations.starts_with("::error file=r.yml,line=6,"), "{annotations}");
    // Whoever names an alert gives GitHub no command.
    assert!(annotations.lines().all(|line| !line.starts_with("::error::")), "{annotations}");
}

#[test]
fn everybody_begins_with_a_backlog() {
    let place = place();
    place.write("r.yml", &rule("Old", "{}"));
    place.expect(2, &["alerts", "check", "r.yml", "--baseline", "known.json"]).says(&["known.json", "--write-baseline"]);
    place.expect(0, &["alerts", "check", "r.yml", "--baseline", "known.json", "--write-baseline"]);
    place.write("r.yml", &format!("# a line more\n{}", rule("Old", "{}")));
    place.expect(0, &["alerts", "check", "r.yml", "--baseline", "known.json"]).says(&["known before", "0 errors"]);
    let two = rule("Old", "{}") + "  - alert: New\n    expr: up\n";
    place.write("r.yml", &two);
    place
        .expect(1, &["alerts", "check", "r.yml", "--baseline", "known.json"])
        .says(&["New", "1 error"])
        .is_silent_about(&["Old:"]);
}

#[test]
fn warnings_count_when_they_are_meant_strictly() {
    let place = place();
    place.write("r.yml", &rule("ApiDown", "{runbook_url: \"https://h/open/rollback-api?service={{ $labels.svc }}\"}"));
    place.expect(0, &["alerts", "check", "r.yml"]).says(&["warning[label-not-escaped]"]);
    place.expect(1, &["alerts", "check", "r.yml", "--strict"]);
    place.expect(0, &["alerts", "check", "r.yml", "--external", "error"]);
    place.write("r.yml", &rule("ApiDown", "{runbook_url: \"https://wiki.example/x\"}"));
    place.expect(0, &["alerts", "check", "r.yml"]);
    place.expect(1, &["alerts", "check", "r.yml", "--external", "error"]).says(&["external-link", "wiki.example"]);
}

#[test]
fn standard_input_and_directories_are_read() {
    let place = place();
    place.write("rules/a/one.yml", &rule("A", "{}"));
    place.write("rules/two.json", "{\"groups\": [{\"rules\": [{\"alert\": \"B\"}]}]}");
    place.write("rules/notes.txt", "groups: [");
    place.expect(1, &["alerts", "check", "rules"]).says(&["rules/a/one.yml:4", "rules/two.json:1", "2 files read"]);
    let mut child = place.command(&["alerts", "check", "-"]);
    let mut child = child.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(rule("C", "{}").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("<stdin>:4"));
}
