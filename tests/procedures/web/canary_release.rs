//! `canary-release` on a real nginx, judged by a real Prometheus.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::components::{Edge, Load, Prometheus, Service};
use crate::exercises::Exercised;
use crate::support::Place;

/// A server that counts what it answered, and shows it as Prometheus reads it. It fails when it has answered more than `good`.
struct Counting {
    service: Service,
    good: Arc<AtomicU64>,
}

fn counting() -> Counting {
    let (good, asked) = (Arc::new(AtomicU64::new(u64::MAX)), AtomicU64::new(0));
    let (limit, failed) = (Arc::clone(&good), AtomicU64::new(0));
    let service = Service::start(move |request| match request.path.as_str() {
        "/health" => (200, "well\n".to_owned()),
        "/metrics" => {
            let (all, bad) = (asked.load(Ordering::SeqCst), failed.load(Ordering::SeqCst));
            (200, format!("http_requests_total{{code=\"200\"}} {}\nhttp_requests_total{{code=\"500\"}} {bad}\n", all - bad))
        }
        _ => {
            let number = asked.fetch_add(1, Ordering::SeqCst);
            if number < limit.load(Ordering::SeqCst) {
                return (200, "ok\n".to_owned());
            }
            failed.fetch_add(1, Ordering::SeqCst);
            (500, "oh\n".to_owned())
        }
    });
    Counting { service, good }
}

struct Stage {
    place: Place,
    edge: Edge,
    _prometheus: Prometheus,
    _stable: Counting,
    canary: Counting,
}

fn stage() -> Stage {
    let place = Place::shipping("canary-release");
    let (stable, canary) = (counting(), counting());
    let (one, two) = (stable.service.address, canary.service.address);
    let edge = Edge::start(&place, &format!("upstream api {{\n    server {one} weight=1;\n    server {two} down;\n}}\n"), "");
    let prometheus = Prometheus::start(&place, &[("stable", one.to_string()), ("canary", two.to_string())], "groups: []\n");
    let query = r#"sum(rate(http_requests_total{release="canary",code=~"5.."}[2s])) / sum(rate(http_requests_total{release="canary"}[2s]))"#;
    place.write(
        "runbook.toml",
        &format!(
            "[settings]\nprometheus = \"{}\"\n{}[settings.pools]\nstable = [\"{one}\"]\ncanary = [\"{two}\"]\n\
             [settings.canary]\nquery = '{query}'\nlimit = 0.01\n",
            prometheus.url,
            edge.settings(&place)
        ),
    );
    Stage { place, edge, _prometheus: prometheus, _stable: stable, canary }
}

const EXEC: [&str; 9] = ["exec", "canary-release", "--yes", "-p", "release=2.0", "-p", "settle=3s", "-p", "stage=1s"];

/// Judged by a query that Prometheus answers without traffic: what traffic does to it is tried below.
pub(crate) fn exercised() -> Box<dyn Exercised> {
    let stage = stage();
    let settings = stage.place.read("runbook.toml");
    let settings: String = settings
        .lines()
        .map(|line| if line.starts_with("query") { "query = 'vector(0)'\n".to_owned() } else { format!("{line}\n") })
        .collect();
    stage.place.write("runbook.toml", &settings);
    Box::new(stage)
}

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.place
    }

    fn parameters(&self) -> Vec<String> {
        ["release=2.0", "settle=1ms", "stage=1ms"].map(str::to_owned).to_vec()
    }

    fn state(&self) -> String {
        self.edge.settled(&self.place);
        self.place.read("edge/upstream.conf")
    }
}

#[test]
fn a_good_release_gets_everything_and_can_be_taken_back() {
    let stage = stage();
    let before = stage.place.read("edge/upstream.conf");
    let load = Load::on(stage.edge.port);
    stage.place.expect(0, &EXEC).says(&[
        "the canary serves well at 10 % for 1s",
        "the canary serves well at 100 % for 1s",
        "completed",
    ]);
    assert!(stage.place.read("edge/upstream.conf").contains(&format!("server {} weight=1", stage.canary.service.address)));
    assert!(stage.place.read("edge/upstream.conf").contains(" down;"));
    stage.place.roll_back();
    assert_eq!(stage.place.read("edge/upstream.conf"), before);
    let (answered, failures) = load.end();
    assert!(answered > 1000 && failures.is_empty(), "{answered}: {failures:?}");
}

#[test]
fn a_release_that_fails_under_traffic_is_taken_back_by_what_prometheus_says() {
    let stage = stage();
    let before = stage.place.read("edge/upstream.conf");
    let load = Load::on(stage.edge.port);
    let long = ["exec", "canary-release", "--yes", "-p", "release=2.0", "-p", "settle=2s", "-p", "stage=1h"];
    let mut engine = stage.place.begin(&long);
    engine.at("10 %25/the canary serves well at 10 %25 for 1h");
    stage.canary.good.store(0, Ordering::SeqCst);
    engine.ends(6).says(&["the limit is 0.01", "rolled back"]);
    assert_eq!(stage.place.read("edge/upstream.conf"), before);
    let (_, failures) = load.end();
    assert!(failures.iter().all(|failure| failure == "status 500") && !failures.is_empty(), "{failures:?}");
}

#[test]
fn without_traffic_there_are_no_figures_and_no_figures_are_no_pass() {
    let stage = stage();
    let before = (stage.place.read("edge/upstream.conf"), stage.place.read("edge/nginx.conf"));
    stage.place.expect(0, &["exec", "canary-release", "--dry-run", "-p", "release=2.0"]).says(&["withheld", "rehearsed"]);
    assert_eq!((stage.place.read("edge/upstream.conf"), stage.place.read("edge/nginx.conf")), before);
    stage.place.expect(6, &EXEC).says(&["gives NaN, which is no number to go by", "rolled back"]);
    assert_eq!(stage.place.read("edge/upstream.conf"), before.0);
}

#[test]
fn killed_between_two_stages_it_goes_on_where_it_was() {
    let stage = stage();
    let load = Load::on(stage.edge.port);
    let mut engine = stage.place.begin(&EXEC);
    engine.at("50 %25/reload nginx: 50 %25 to the canary");
    engine.kill();
    stage.place.expect(0, &["resume"]).says(&["completed"]);
    assert_eq!(stage.place.begun("10 %25/reload nginx: 10 %25 to the canary"), 1, "the first stage is not repeated");
    assert!(load.end().1.is_empty());
}
