//! The link that `runbook alerts link` wrote, rendered by a real Prometheus and sent by a real Alertmanager, opens.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::{place, rule};
use crate::monitoring::Monitoring;
use crate::serve::hearing::{hears, told};

#[test]
fn a_link_that_was_written_opens_when_its_alert_fires() {
    let place = place();
    let (hook, heard) = hears(&[(200, "")]);
    let always =
        rule("ApiDown", "{}").replace("sum by (svc) (x) > 1", "label_replace(vector(1), \"svc\", \"check-out\", \"\", \"\")");
    place.write("mon/rules.yml", &always);
    place.expect(0, &["alerts", "link", "--base", "https://ops.example", "mon/rules.yml", "--write"]).says(&["1 link added"]);
    let monitoring = Monitoring::start(&place, &format!("{{url: '{hook}/'}}"));
    let told = told(&heard);
    let link = told["alerts"][0]["annotations"]["runbook_url"].as_str().expect("a link");
    assert_eq!(link, "https://ops.example/open/rollback-api?service=check-out");
    let opened = place.expect(0, &["open", link]).out;
    assert!(opened.contains("service = check-out  (from the link)"), "{opened}");

    // What the rules say over the interface of Prometheus is judged like the file.
    let mut check = place.command(&["alerts", "check", "-"]);
    let mut check = check.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runbook");
    let answer = Command::new("curl").args(["-sf", &format!("{}/api/v1/rules", monitoring.prometheus)]).output().expect("curl");
    check.stdin.take().expect("its input").write_all(&answer.stdout).expect("written");
    let output = check.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("1 alert, 1 with a link, 0 errors, 0 warnings"), "{said}");
}
