//! What programs read of a finding.

use std::path::Path;

use runbook_runtime::script::{Pinned, Program};
use serde_json::Value;

use super::format::Format;
use super::{Findings, Report};
use crate::library::Title;

fn report(source: &str) -> Report {
    let files = Pinned([("ops/a b.rhai".to_owned(), source.to_owned())].into());
    let diagnostics = match Program::load(&files, "ops/a b.rhai") {
        Ok(program) => program.warnings().expect("something is wrong"),
        Err(diagnostics) => diagnostics,
    };
    let runbook = Title { name: "a b".to_owned(), file: "ops/a b.rhai".to_owned() };
    Report { read: 1, findings: vec![Findings { runbook, diagnostics }], allowed: 0 }
}

#[test]
fn a_code_host_finds_the_place_and_nothing_forges_a_line() {
    let report = report("runbook(#{ title: \"t\", owner: \"o\" });\ncheck(\"x\", || 1, #{ \"a%\\n::error::b\": 1 });");
    let text = Format::Github.written(&report, Path::new("sub,dir")).expect("text");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("::error file=sub%2Cdir/ops/a b.rhai,line=2,endLine=2,col=21,"), "{text}");
    assert!(text.contains("title=RB0004::unknown option `a%25"), "{text}");
}

#[test]
fn the_sarif_log_has_a_rule_for_each_result_and_a_region() {
    let report = report("runbook(#{ title: \"t\" });\nthrow \"x\";\nconfirm(\"y\");");
    let log: Value = serde_json::from_str(&Format::Sarif.written(&report, Path::new("")).expect("text")).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules: Vec<_> = run["tool"]["driver"]["rules"].as_array().expect("rules").iter().map(|rule| rule["id"].clone()).collect();
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 2);
    assert!(results.iter().all(|result| rules.contains(&result["ruleId"]) && result["level"] == "warning"), "{log}");
    let place = &results[1]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "ops/a%20b.rhai");
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&3.into(), &1.into()));
    assert_eq!(results[1]["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 2);
}

#[test]
fn each_line_of_json_is_one_finding() {
    let text = Format::Json.written(&report("runbook(#{ title: \"t\" });"), Path::new("")).expect("text");
    let line: Value = serde_json::from_str(&text).expect("one line of JSON");
    assert_eq!((&line["v"], &line["runbook"], &line["diagnostic"]["code"]), (&1.into(), &"a b".into(), &"RB0026".into()));
}
