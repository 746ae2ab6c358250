//! A real Prometheus whose rules fire, and a real Alertmanager that tells of it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::support::Place;

/// Both, until the test ends.
pub(crate) struct Monitoring {
    /// Where the Prometheus answers.
    pub(crate) prometheus: String,
    _programs: [Running; 2],
}

impl Monitoring {
    /// Starts them with the rules in `mon/rules.yml`, and with this as the one webhook of Alertmanager.
    pub(crate) fn start(place: &Place, webhook: &str) -> Self {
        let (manager, prometheus) = (free_port(), free_port());
        place.write(
            "mon/prometheus.yml",
            &format!("global: {{evaluation_interval: 1s}}\nrule_files: [rules.yml]\nalerting:\n  alertmanagers:\n  - static_configs: [{{targets: ['127.0.0.1:{manager}']}}]\n"),
        );
        place.write(
            "mon/alertmanager.yml",
            &format!("route: {{receiver: page, group_wait: 0s, group_interval: 1s}}\nreceivers:\n- name: page\n  webhook_configs: [{webhook}]\n"),
        );
        let path = |name: &str| place.path(name).display().to_string();
        let alertmanager = Running::start(
            "prometheus-alertmanager",
            &[
                format!("--config.file={}", path("mon/alertmanager.yml")),
                format!("--storage.path={}", path("mon/am")),
                format!("--web.listen-address=127.0.0.1:{manager}"),
                "--cluster.listen-address=".to_owned(),
            ],
        );
        let server = Running::start(
            "prometheus",
            &[
                format!("--config.file={}", path("mon/prometheus.yml")),
                format!("--storage.tsdb.path={}", path("mon/data")),
                format!("--web.listen-address=127.0.0.1:{prometheus}"),
                // What it said before it knew of the Alertmanager is otherwise said again after a minute.
                "--rules.alert.resend-delay=1s".to_owned(),
            ],
        );
        Self { prometheus: format!("http://127.0.0.1:{prometheus}"), _programs: [alertmanager, server] }
    }
}

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

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}
