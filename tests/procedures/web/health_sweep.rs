//! `health-sweep` on real servers, some of which are ill.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use super::components::{Service, free_port};
use crate::exercises::Exercised;
use crate::support::Place;
use crate::support::nginx::Nginx;

struct Stage {
    place: Place,
    _web: Service,
}

/// A web server that is well, and this machine.
pub(crate) fn exercised() -> Box<dyn Exercised> {
    let place = Place::shipping("health-sweep");
    let web = Service::start(|_| (200, String::new()));
    let (url, open) = (web.url(), web.address);
    let sweep = format!("http = [\"{url}/\"]\ntcp = [\"{open}\"]\ndisks = [\"/\"]\ncertificates = []\ndatabases = []\n");
    place.write("runbook.toml", &format!("[settings.sweep]\n{sweep}"));
    Box::new(Stage { place, _web: web })
}

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.place
    }

    fn parameters(&self) -> Vec<String> {
        ["disk=100", "memory=0"].map(str::to_owned).to_vec()
    }

    fn state(&self) -> String {
        // It looks and nothing else: a file that it left would be the only trace.
        let entries = std::fs::read_dir(self.place.path("")).expect("the place").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| name != ".runbook" && name != "trap");
        names.sort();
        names.join("\n")
    }
}

#[test]
fn everything_is_looked_at_and_what_is_ill_is_named() {
    let place = Place::shipping("health-sweep");
    let status = Arc::new(AtomicU16::new(200));
    let answers = Arc::clone(&status);
    let web = Service::start(move |_| (answers.load(Ordering::SeqCst), String::new()));
    let tls = Nginx::start(&place, "location / { return 200; }");
    let secure = tls.url.trim_start_matches("https://").to_owned();
    let (open, closed) = (web.address, free_port());
    let settings = |tcp: &str, databases: &str| {
        let sweep = format!(
            "http = [\"{}/\"]\ntcp = [\"{tcp}\"]\ndisks = [\"/\"]\ncertificates = [\"{secure}\"]\ndatabases = [{databases}]\n",
            web.url()
        );
        place.write("runbook.toml", &format!("[settings.sweep]\n{sweep}"));
    };
    // The certificate is one of a day.
    let sweep = ["exec", "health-sweep", "-p", "days=0", "-p", "disk=100", "-p", "memory=0"];
    settings(&open.to_string(), "");
    let before = place.photograph();
    place.expect(0, &sweep).says(&["answers 200", "accepts connections", "% used", "% available", "good for"]);
    assert_eq!(place.photograph(), before);
    status.store(503, Ordering::SeqCst);
    settings(&format!("127.0.0.1:{closed}"), &format!("\"host=127.0.0.1 port={closed} dbname=api connect_timeout=2\""));
    let ran = place.expect(1, &["exec", "health-sweep", "-p", "days=2", "-p", "disk=100", "-p", "memory=0"]);
    ran.says(&["4 of 6 are not well", "answers 503", "accepts no connection", "Connection refused", "good for"]);
    ran.says(&[&format!("database host=127.0.0.1 port={closed}"), &format!("certificate {secure}")]);
}
