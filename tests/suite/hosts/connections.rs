//! Connections: the user's own, one of ours for a run, a network that falls silent.

use std::process::Command;

use super::sshd::Hosts;
use super::{ended, place, slow, started};
use crate::support::Place;

const TWO: &str = r#"
    command("one", #{ on: "web-1", run: ["true"], rollback: "nothing" });
    command("two", #{ on: "web-1", run: ["true"], rollback: "nothing" });
    check("looks", || exec::output(["true"], #{ on: "web-1" }).ok);
"#;

/// How many connections a host has accepted.
pub(super) fn accepted(hosts: &Hosts) -> usize {
    let log = std::fs::read_to_string(hosts.path("web-1.log")).expect("a log");
    log.matches("Accepted publickey").count()
}

#[test]
fn all_commands_of_a_run_share_one_connection_which_is_gone_afterwards() {
    let hosts = Hosts::start(&["web-1"]);
    let place = place(&hosts, TWO);
    place.expect(0, &["exec", "main"]);
    assert_eq!(accepted(&hosts), 1);
    let sockets = place.state().join("runs").join(place.newest_run()).join("hosts/sockets");
    assert!(sockets.symlink_metadata().is_err(), "the directory of the socket is left");
}

#[test]
fn a_connection_of_the_users_own_is_used_and_left_as_it_is() {
    let hosts = Hosts::start(&["web-1"]);
    let socket = hosts.path("own");
    hosts.configure(&format!("  ControlPath {}", socket.display()));
    let ssh = |arguments: &[&str]| {
        let status =
            Command::new("ssh").arg("-F").arg(hosts.config()).args(arguments).stderr(std::process::Stdio::null()).status();
        status.expect("ssh").success()
    };
    assert!(ssh(&["-o", "ControlMaster=yes", "-o", "ControlPersist=60", "-f", "-N", "web-1"]));
    let place = place(&hosts, TWO);
    place.expect(0, &["exec", "main"]);
    assert_eq!(accepted(&hosts), 1, "only the one that was there");
    assert!(ssh(&["-O", "check", "web-1"]), "it is still there");
    assert!(ssh(&["-O", "exit", "web-1"]));
}

#[test]
fn a_dead_engine_and_a_dead_keeper_leave_the_host_to_be_asked() {
    let hosts = Hosts::start(&["web-1"]);
    let place = slow(&hosts);
    let mut engine = started(&place, &["exec", "main"]);
    place.wait_for("began");
    engine.kill().expect("ours");
    engine.wait().expect("ours");
    let run = place.state().join("runs").join(place.newest_run());
    let keeper: u32 = std::fs::read_to_string(run.join("keeper/lock")).expect("a keeper").trim().parse().expect("a number");
    // The courier is its child; both die, and nobody is left who knows.
    super::sshd::kill_with_children(keeper);
    place.write("go", "");
    let ran = place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["slow", "end", "after"], "{ran}");
    let journal = place.journal();
    let end = journal.iter().find(|record| record["type"] == "step_ended").expect("it ended");
    assert_eq!(end["outcome"]["succeeded"]["exited"]["stdout"]["head"], "first\nlast\n");
}

#[test]
fn a_command_that_cannot_be_stopped_because_its_host_is_away_is_in_doubt() {
    let mut hosts = Hosts::start(&["web-1"]);
    let place = slow(&hosts);
    let source = place.read("runbooks/main.rhai").replacen("on: \"web-1\",", "on: \"web-1\", timeout: \"2s\",", 1);
    place.write("runbooks/main.rhai", &source);
    // Longer than stopping may take.
    let toml = place.read("runbook.toml").replace("20s", "5m");
    place.write("runbook.toml", &toml);
    let engine = started(&place, &["exec", "main"]);
    place.wait_for("began");
    hosts.sleep("web-1");
    let ran = ended(engine);
    assert_eq!(ran.code, Some(5), "{ran}");
    ran.says(&["which could not be told", "Connection refused"]);
    place.write("go", "");
    hosts.wake("web-1");
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["slow", "end", "after"]);
}

/// Two network namespaces with a cable between them; only root may make them.
struct Cable {
    name: String,
}

impl Cable {
    fn new() -> Option<Self> {
        if !rustix::process::getuid().is_root() {
            return None;
        }
        let name = format!("rb{}", std::process::id());
        let cable = Self { name };
        let (near, far) = (cable.end("a"), cable.end("b"));
        let made = cable.ip(&["netns", "add", &cable.name])
            && cable.ip(&["link", "add", &near, "type", "veth", "peer", "name", &far])
            && cable.ip(&["link", "set", &far, "netns", &cable.name])
            && cable.ip(&["addr", "add", "10.231.77.1/30", "dev", &near])
            && cable.ip(&["link", "set", &near, "up"])
            && cable.ip(&["-n", &cable.name, "addr", "add", "10.231.77.2/30", "dev", &far])
            && cable.ip(&["-n", &cable.name, "link", "set", &far, "up"])
            && cable.ip(&["-n", &cable.name, "link", "set", "lo", "up"]);
        made.then_some(cable)
    }

    fn end(&self, end: &str) -> String {
        format!("{}{end}", self.name)
    }

    fn ip(&self, arguments: &[&str]) -> bool {
        Command::new("ip").args(arguments).stderr(std::process::Stdio::null()).status().is_ok_and(|status| status.success())
    }

    fn cut(&self) {
        assert!(self.ip(&["link", "set", &self.end("a"), "down"]));
    }

    fn mend(&self) {
        assert!(self.ip(&["link", "set", &self.end("a"), "up"]));
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.ip(&["link", "del", &self.end("a")]);
        self.ip(&["netns", "del", &self.name]);
    }
}

#[test]
fn a_network_that_falls_silent_in_mid_command_is_found_out_and_nothing_is_lost() {
    // Without the rights to make a network there is none to cut; what breaks loudly is tried by everybody.
    let Some(cable) = Cable::new() else { return };
    let mut hosts = Hosts::start(&["web-1"]);
    hosts.move_to("web-1", &cable.name, "10.231.77.2");
    hosts.configure("  ServerAliveInterval 1\n  ServerAliveCountMax 2\n  ConnectTimeout 2");
    let place: Place = slow(&hosts);
    let engine = started(&place, &["exec", "main"]);
    place.wait_for("began");
    cable.cut();
    place.write("go", "");
    // The engine says on the way that it has lost the host; only then is the cable mended.
    let run = place.state().join("runs").join(place.newest_run()).join("keeper");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let lost = || {
        let outputs = std::fs::read_dir(&run).into_iter().flatten().filter_map(Result::ok);
        outputs
            .filter(|entry| entry.path().extension().is_some_and(|kind| kind == "stderr"))
            .any(|entry| std::fs::read_to_string(entry.path()).is_ok_and(|text| text.contains("lost the connection")))
    };
    while !lost() {
        assert!(std::time::Instant::now() < deadline, "it was not found out");
        std::thread::yield_now();
    }
    cable.mend();
    let ran = ended(engine);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(place.ledger(), ["slow", "end", "after"]);
}
