//! The link that `runbook alerts link` wrote, rendered by a real Prometheus and sent by a real Alertmanager, opens.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{place, rule};

/// A program that ends with the test.
struct Running(Child);

impl Running {
    fn start(program: &str, arguments: &[String]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{program}, as `tests/run packages` installs it: {error}")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The body of the next request.
fn body(listener: &TcpListener) -> Value {
    let (stream, _) = listener.accept().expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
    let mut stream = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    while stream.read_line(&mut line).expect("a line") > 2 {
        let lower = line.to_ascii_lowercase();
        length = lower.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().expect("a number"));
        line.clear();
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a body");
    stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").expect("answered");
    serde_json::from_slice(&body).expect("JSON")
}

#[test]
fn a_link_that_was_written_opens_when_its_alert_fires() {
    let place = place();
    let free = || TcpListener::bind("127.0.0.1:0").expect("a port");
    let hook = free();
    let port = |listener: TcpListener| listener.local_addr().expect("an address").port();
    let (manager, prometheus) = (port(free()), port(free()));
    let always =
        rule("ApiDown", "{}").replace("sum by (svc) (x) > 1", "label_replace(vector(1), \"svc\", \"check-out\", \"\", \"\")");
    place.write("mon/rules.yml", &always);
    place.expect(0, &["alerts", "link", "--base", "https://ops.example", "mon/rules.yml", "--write"]).says(&["1 links added"]);
    place.write(
        "mon/prometheus.yml",
        &format!("global: {{evaluation_interval: 1s}}\nrule_files: [rules.yml]\nalerting:\n  alertmanagers:\n  - static_configs: [{{targets: ['127.0.0.1:{manager}']}}]\n"),
    );
    let url = hook.local_addr().expect("an address");
    place.write(
        "mon/alertmanager.yml",
        &format!(
            "route: {{receiver: page, group_wait: 0s}}\nreceivers:\n- name: page\n  webhook_configs: [{{url: 'http://{url}/'}}]\n"
        ),
    );
    let path = |name: &str| place.path(name).display().to_string();
    let _alertmanager = Running::start(
        "prometheus-alertmanager",
        &[
            format!("--config.file={}", path("mon/alertmanager.yml")),
            format!("--storage.path={}", path("mon/am")),
            format!("--web.listen-address=127.0.0.1:{manager}"),
            "--cluster.listen-address=".to_owned(),
        ],
    );
    let _prometheus = Running::start(
        "prometheus",
        &[
            format!("--config.file={}", path("mon/prometheus.yml")),
            format!("--storage.tsdb.path={}", path("mon/data")),
            format!("--web.listen-address=127.0.0.1:{prometheus}"),
            "--rules.alert.resend-delay=1s".to_owned(),
        ],
    );
    let told = body(&hook);
    let link = told["alerts"][0]["annotations"]["runbook_url"].as_str().expect("a link");
    assert_eq!(link, "https://ops.example/open/rollback-api?service=check-out");
    let opened = place.expect(0, &["open", link]).out;
    assert!(opened.contains("service = check-out  (from the link)"), "{opened}");

    // What the rules say over the interface of Prometheus is judged like the file.
    let mut check = place.command(&["alerts", "check", "-"]);
    let mut check = check.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runbook");
    let answer =
        Command::new("curl").args(["-sf", &format!("http://127.0.0.1:{prometheus}/api/v1/rules")]).output().expect("curl");
    check.stdin.take().expect("its input").write_all(&answer.stdout).expect("written");
    let output = check.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("1 alert, 1 with a link, 0 errors, 0 warnings"), "{said}");
}
