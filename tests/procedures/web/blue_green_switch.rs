//! `blue-green-switch` on a real nginx under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use super::components::{Edge, Load, Service};
use crate::exercises::Exercised;
use crate::support::{Place, until};

/// Two servers of blue, one of green, an nginx in front.
struct Stage {
    place: Place,
    edge: Edge,
    /// What green answers.
    green: Arc<AtomicU16>,
    _servers: Vec<Service>,
}

fn stage() -> Stage {
    let place = Place::shipping("blue-green-switch");
    let green = Arc::new(AtomicU16::new(200));
    let well = || Service::start(|_| (200, "blue\n".to_owned()));
    let answers = Arc::clone(&green);
    let servers = vec![well(), well(), Service::start(move |_| (answers.load(Ordering::SeqCst), "green\n".to_owned()))];
    let [one, two, three] = [0, 1, 2].map(|n: usize| servers[n].address);
    let block =
        format!("upstream api {{\n    server {one} weight=1;\n    server {two} weight=1;\n    server {three} down;\n}}\n");
    let edge = Edge::start(&place, &block, "");
    let pools = format!("[settings.pools]\nblue = [\"{one}\", \"{two}\"]\ngreen = [\"{three}\"]\n");
    place.write("runbook.toml", &format!("{}{pools}", edge.settings(&place)));
    Stage { place, edge, green, _servers: servers }
}

const EXEC: [&str; 5] = ["exec", "blue-green-switch", "--yes", "-p", "watch=300ms"];

impl Stage {
    fn colour(&self) -> String {
        let mut answer = String::new();
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.edge.port)).expect("nginx");
        std::io::Write::write_all(&mut stream, b"GET / HTTP/1.0\r\n\r\n").expect("a request");
        std::io::Read::read_to_string(&mut stream, &mut answer).expect("an answer");
        answer.lines().last().unwrap_or_default().to_owned()
    }
}

pub(crate) fn exercised() -> Box<dyn Exercised> {
    Box::new(stage())
}

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.place
    }

    fn parameters(&self) -> Vec<String> {
        vec!["watch=300ms".to_owned()]
    }

    fn state(&self) -> String {
        self.edge.settled(&self.place);
        self.place.read("edge/upstream.conf")
    }
}

#[test]
fn no_request_fails_during_the_switch_nor_on_the_way_back() {
    let stage = stage();
    let before = stage.place.read("edge/upstream.conf");
    let load = Load::on(stage.edge.port);
    until("visitors", || load.answered() > 200);
    stage.place.expect(0, &EXEC).says(&["completed"]);
    assert_eq!(stage.colour(), "green");
    let seen = load.answered();
    until("visitors of green", || load.answered() > seen + 200);
    stage.place.roll_back().says(&["rolled back"]);
    let seen = load.answered();
    until("visitors of blue", || load.answered() > seen + 200);
    until("blue serves again", || stage.colour() == "blue");
    let (answered, failures) = load.end();
    assert!(failures.is_empty(), "{} of {answered}: {failures:?}", failures.len());
    assert_eq!(stage.place.read("edge/upstream.conf"), before);
    stage.place.expect(0, &["verify"]);
}

#[test]
fn a_rehearsal_touches_neither_the_file_nor_nginx() {
    let stage = stage();
    let before = (stage.place.photograph(), stage.colour());
    stage.place.expect(0, &["exec", "blue-green-switch", "--dry-run"]).says(&["withheld", "server", "down", "rehearsed"]);
    assert_eq!((stage.place.photograph(), stage.colour()), before);
}

#[test]
fn a_pool_that_is_ill_gets_nobody_and_one_that_falls_ill_is_taken_back() {
    let stage = stage();
    let before = stage.place.read("edge/upstream.conf");
    stage.green.store(503, Ordering::SeqCst);
    stage.place.expect(6, &EXEC).says(&["not all of green is well"]);
    assert_eq!(stage.place.read("edge/upstream.conf"), before);
    stage.green.store(200, Ordering::SeqCst);
    let mut engine = stage.place.begin(&["exec", "blue-green-switch", "--yes", "-p", "watch=1h"]);
    engine.at("Watch/green serves well for 1h");
    assert_eq!(stage.colour(), "green");
    stage.green.store(500, Ordering::SeqCst);
    engine.ends(6).says(&["answers 500"]);
    until("blue serves again", || stage.colour() == "blue");
    assert_eq!(stage.place.read("edge/upstream.conf"), before);
}

#[test]
fn a_configuration_that_nginx_refuses_never_serves() {
    let stage = stage();
    // The name of a server that nginx cannot read: its own test finds it out.
    let text = stage.place.read("runbook.toml").replace("upstream = \"api\"", "upstream = \"a{pi\"");
    stage.place.write("runbook.toml", &text);
    let before = stage.place.read("edge/upstream.conf");
    stage.place.expect(6, &EXEC).says(&["nginx accepts the configuration: green", "rolled back"]);
    assert_eq!((stage.place.read("edge/upstream.conf"), stage.colour()), (before, "blue".to_owned()));
}

#[test]
fn killed_in_mid_switch_it_goes_on_and_the_other_way_is_the_same_runbook() {
    let stage = stage();
    let mut engine = stage.place.begin(&["exec", "blue-green-switch", "--yes", "-p", "watch=1h"]);
    engine.at("Watch/green serves well for 1h");
    engine.kill();
    assert_eq!(stage.colour(), "green");
    stage.place.roll_back().says(&["rolled back"]);
    until("blue serves again", || stage.colour() == "blue");
    // The engine dies while nginx still reads the new file.
    stage.place.fifo("began");
    stage.place.fifo("go");
    let slow = "#!/bin/sh\necho > began\ncat go > /dev/null\nexec nginx \"$@\"\n";
    let slow = stage.place.write("slow-nginx", slow).display().to_string();
    let settings = stage.place.read("runbook.toml").replace("[\"nginx\", ", &format!("[\"sh\", \"{slow}\", "));
    stage.place.write("runbook.toml", &settings);
    let mut engine = stage.place.begin(&EXEC);
    engine.at("Switch/nginx accepts the configuration: green");
    stage.place.wait_for("began");
    engine.kill();
    stage.place.write("go", "");
    // From now on nothing holds it up.
    for pipe in ["began", "go"] {
        std::fs::remove_file(stage.place.path(pipe)).expect("the pipe");
        stage.place.write(pipe, "");
    }
    stage.place.expect(0, &["resume"]).says(&["completed"]);
    assert_eq!(stage.colour(), "green");
    stage.place.expect(0, &EXEC).says(&["Switch from green to blue?", "completed"]);
    assert_eq!(stage.colour(), "blue");
}
