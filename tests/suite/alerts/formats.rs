//! What programs read: each format holds every finding, and no name of an alert breaks out of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{place, rule};

const HOSTILE: &str = "\"A\\n::error::x<&\\\"'>\\u001b\"";

fn written(format: &str) -> String {
    let place = place();
    let good = "{runbook_url: \"https://h/open/rollback-api?service={{ $labels.svc | urlquery }}\"}";
    place.write("good.yml", &rule("ApiDown", good));
    place.write("r.yml", &rule(HOSTILE, "{runbook_url: \"http://h/open/no,thing\"}"));
    place.expect(1, &["alerts", "check", "r.yml", "good.yml", "--format", format]).out
}

#[test]
fn junit_says_which_alert_fails_and_which_passes() {
    let xml = written("junit");
    for line in [
        "<testsuites name=\"runbook alerts check\" tests=\"2\" failures=\"1\">",
        "<testsuite name=\"good.yml\" tests=\"1\" failures=\"0\">",
        "<testcase classname=\"good.yml\" name=\"ApiDown\"/>",
        "<testcase classname=\"r.yml\" name=\"A\n::error::x&lt;&amp;&quot;'&gt;\u{fffd}\">",
        "<failure type=\"no-such-runbook\" message=\"there is no runbook `no,thing`\">r.yml:6:32: [no-such-runbook]",
        "<system-out>r.yml:6:32: [not-https]",
    ] {
        assert!(xml.contains(line), "{line}\n{xml}");
    }
    assert_eq!(xml.matches("<testcase").count(), xml.matches("/>").count() + xml.matches("</testcase>").count(), "{xml}");
    assert!(!xml.contains('\u{1b}'), "{xml:?}");
}

#[test]
fn checkstyle_holds_each_finding_with_its_place() {
    let xml = written("checkstyle");
    assert!(
        xml.contains("<error line=\"6\" column=\"32\" severity=\"error\" source=\"runbook.alerts.no-such-runbook\" message=\""),
        "{xml}"
    );
    assert!(xml.contains("source=\"runbook.alerts.not-https\"") && xml.contains("severity=\"warning\""), "{xml}");
    // One line each, whatever the name of an alert holds.
    assert_eq!(xml.lines().filter(|line| line.starts_with("    <error ") && line.ends_with("/>")).count(), 2, "{xml}");
    assert!(xml.contains("A&#10;::error::x&lt;&amp;&quot;'&gt;\u{fffd}"), "{xml}");
}

#[test]
fn gitlab_tells_findings_apart_and_knows_them_again() {
    let fingerprints = |text: &str| -> Vec<String> {
        let place = place();
        place.write("r.yml", text);
        let report = place.expect(1, &["alerts", "check", "./r.yml", "--format", "gitlab"]).out;
        let report: Vec<Value> = serde_json::from_str(&report).expect("a report");
        assert!(report.iter().all(|entry| entry["location"]["path"] == "r.yml"), "{report:?}");
        assert_eq!(report[0]["severity"], "major");
        report.iter().map(|entry| entry["fingerprint"].as_str().unwrap().to_owned()).collect()
    };
    // The same alert twice: two findings that say the same.
    let two = rule("ApiDown", "{}") + "  - alert: ApiDown\n    expr: up\n";
    let before = fingerprints(&two);
    assert_eq!((before.len(), before.iter().collect::<BTreeSet<_>>().len()), (2, 2), "{before:?}");
    assert_eq!(fingerprints(&format!("# a line more\n\n{two}")), before);
}

#[test]
fn what_cannot_be_read_is_in_every_format() {
    let place = place();
    for format in ["json", "sarif", "github", "gitlab", "junit", "checkstyle", "text"] {
        let ran = place.expect(2, &["alerts", "check", "gone.yml", "--format", format]);
        let said = if format == "text" { ran.err } else { ran.out };
        assert!(said.contains("gone.yml") && said.contains("RB0041") && said.contains("not-read"), "{format}: {said}");
    }
}
