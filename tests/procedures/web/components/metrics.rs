//! A real Prometheus and a real Alertmanager.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use super::free_port;
use crate::support::{Place, until};

/// A Prometheus that looks five times a second.
pub(crate) struct Prometheus {
    child: Child,
    pub(crate) url: String,
}

impl Prometheus {
    /// Starts it with these targets of the job `api`, each with its label `release`, and these rules.
    pub(crate) fn start(place: &Place, targets: &[(&str, String)], rules: &str) -> Self {
        let port = free_port();
        let dir = place.path("prometheus").display().to_string();
        let lines: String = targets
            .iter()
            .map(|(release, address)| format!("  - targets: ['{address}']\n    labels: {{ release: '{release}' }}\n"))
            .collect();
        place.write("prometheus/rules.yml", rules);
        place.write(
            "prometheus/prometheus.yml",
            &format!(
                "global: {{ scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }}\nrule_files: ['{dir}/rules.yml']\n\
                 scrape_configs:\n- job_name: api\n  static_configs:\n{lines}"
            ),
        );
        let child = Command::new("prometheus")
            .arg(format!("--config.file={dir}/prometheus.yml"))
            .arg(format!("--storage.tsdb.path={dir}/data"))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus (Debian: prometheus)");
        // It waits some seconds before it looks for the first time.
        let known = targets.len();
        until("Prometheus looks at its targets", || {
            get(port, "/api/v1/query?query=http_requests_total")
                .is_some_and(|answer| answer.matches("\"instance\"").count() >= known)
        });
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).map(drop).unwrap_or(());
    }
}

/// An Alertmanager that tells nobody.
pub(crate) struct Alertmanager {
    child: Child,
    pub(crate) url: String,
}

impl Alertmanager {
    pub(crate) fn start(place: &Place) -> Self {
        let port = free_port();
        let dir = place.path("alertmanager").display().to_string();
        place.write("alertmanager/alertmanager.yml", "route: { receiver: nobody }\nreceivers:\n- name: nobody\n");
        let child = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={dir}/alertmanager.yml"))
            .arg(format!("--storage.path={dir}/data"))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--cluster.listen-address=")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus-alertmanager (Debian: prometheus-alertmanager)");
        until("Alertmanager is ready", || status(port, "/-/ready") == Some(200));
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).map(drop).unwrap_or(());
    }
}

fn status(port: u16, path: &str) -> Option<u16> {
    get(port, path)?.split(' ').nth(1)?.parse().ok()
}

fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}
