//! What is added to rules is what Prometheus itself takes.

use std::process::Command;

use super::{place, rule};

#[test]
fn prometheus_expands_the_link_as_we_read_it() {
    let place = place();
    place.write("rules.yml", &rule("ApiDown", "{}"));
    place.expect(0, &["alerts", "link", "--base", "https://h", "rules.yml", "--write"]);
    place.write(
        "test.yml",
        "rule_files: [rules.yml]\ntests:\n- interval: 1m\n  input_series: [{series: 'x{svc=\"a b&c\"}', values: '2 2'}]\n  \
         alert_rule_test:\n  - eval_time: 1m\n    alertname: ApiDown\n    exp_alerts:\n    - exp_labels: {svc: 'a b&c'}\n      \
         exp_annotations: {runbook_url: 'https://h/open/rollback-api?service=a+b%26c'}\n",
    );
    let ran = Command::new("promtool").args(["test", "rules"]).arg(place.path("test.yml")).output().expect("promtool");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()));
}
