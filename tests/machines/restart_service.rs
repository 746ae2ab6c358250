//! `restart-service` on two hosts, each with an `sshd` and a systemd of its own.

use std::fs;

use crate::service::Service;
use crate::sshd::Hosts;
use crate::support::Place;
use crate::systemd::Manager;

/// What it serves is what it read when it was started; it serves nothing when it is down.
const UNIT: &str =
    "[Service]\nExecStartPre=/bin/cp %h/page %h/serving\nExecStart=/bin/sleep infinity\nExecStopPost=/bin/rm -f %h/serving\n";

struct Fleet {
    // They go first: their files are on the hosts.
    managers: Vec<Manager>,
    hosts: Hosts,
    place: Place,
    // Whether each is well: it serves what is good.
    _health: Service,
}

impl Fleet {
    /// Two hosts that are well. `drain` is a line of a shell, which has the name of the host as `$1`.
    fn start(drain: &str) -> Self {
        let place = Place::new();
        let hosts = Hosts::start(&["web-1", "web-2"]);
        let homes = ["web-1", "web-2"].map(|name| hosts.path(&format!("{name}.home")));
        let managers = homes.iter().map(|home| {
            fs::write(home.join("page"), "good").expect("a page");
            let manager = Manager::start(home, &[("api.service", UNIT)]);
            assert!(manager.ask(&["start", "api"]).status.success());
            manager
        });
        let managers = managers.collect();
        let health = Service::start(move |asked| {
            let home = &homes[usize::from(asked.path.starts_with("/web-2/"))];
            let well = fs::read_to_string(home.join("serving")).is_ok_and(|page| page == "good");
            (if well { 200 } else { 503 }, String::new())
        });
        let source = format!("{}/runbooks/restart-service.rhai", env!("CARGO_MANIFEST_DIR"));
        place.runbook("restart-service", &fs::read_to_string(source).expect("the runbook"));
        place.write(
            "runbook.toml",
            &format!(
                "[ssh]\nconfig = {:?}\n[hosts]\nweb = [\"web-1\", \"web-2\"]\n[settings]\nhealth = \"{}/{{host}}/health\"\n\
                 drain = [\"sh\", \"-c\", {drain:?}, \"sh\", \"{{host}}\"]\nenable = [\"sh\", \"-c\", \"echo enable $1 >> ledger\", \"sh\", \"{{host}}\"]\n\
                 systemctl = [\"sh\", \"-c\", \"XDG_RUNTIME_DIR=$HOME/run exec systemctl --user \\\"$@\\\"\", \"sh\"]\n",
                hosts.config().display().to_string(),
                health.url()
            ),
        );
        Self { managers, hosts, place, _health: health }
    }

    fn page(&self, host: &str, text: &str) {
        fs::write(self.hosts.path(&format!("{host}.home/page")), text).expect("a page");
    }

    /// What tells one start of the service on each host from another.
    fn invocations(&self) -> Vec<String> {
        self.managers.iter().map(|manager| manager.property("api", "InvocationID")).collect()
    }
}

const RESTART: [&str; 10] =
    ["exec", "restart-service", "-p", "unit=api", "-p", "group=web", "-p", "settle=1s", "-p", "within=3s"];

#[test]
fn the_hosts_are_restarted_one_after_the_other_and_each_is_drained_meanwhile() {
    let fleet = Fleet::start("echo drain $1 >> ledger");
    let before = fleet.invocations();
    fleet.place.expect(0, &[&RESTART[..], &["--dry-run"]].concat()).says(&["systemctl --user", "restart -- api"]);
    assert_eq!((fleet.invocations(), fleet.place.ledger().len()), (before.clone(), 0), "a rehearsal restarts nothing");
    fleet.place.expect(0, &[&RESTART[..], &["--yes"]].concat()).says(&["completed"]);
    assert_eq!(fleet.place.ledger(), ["drain web-1", "enable web-1", "drain web-2", "enable web-2"]);
    let after = fleet.invocations();
    assert!(after.iter().zip(&before).all(|(after, before)| after != before), "{before:?} {after:?}");
    // It was up before, and it is up now: nothing else is taken back than that hosts are kept away from requests.
    fleet.place.expect(6, &["rollback", &fleet.place.newest_run()]);
    assert_eq!(fleet.invocations(), after);
    assert_eq!(fleet.place.ledger()[4..], ["enable web-2", "enable web-1"]);
    fleet.place.expect(0, &["verify"]);
}

#[test]
fn a_host_that_does_not_come_back_stays_drained_and_the_run_goes_on_once_it_is_mended() {
    let fleet = Fleet::start("echo drain $1 >> ledger");
    let before = fleet.invocations();
    // What is wrong is found only by a restart.
    fleet.page("web-1", "broken");
    fleet.place.expect(1, &[&RESTART[..], &["--yes"]].concat()).says(&["web-1 is well"]);
    assert_eq!(fleet.place.ledger(), ["drain web-1"]);
    assert_eq!(fleet.invocations()[1], before[1], "the other host was not begun");
    fleet.page("web-1", "good");
    assert!(fleet.managers[0].ask(&["restart", "api"]).status.success());
    let mended = fleet.invocations()[0].clone();
    fleet.place.expect(0, &["resume"]).says(&["completed"]);
    assert_eq!(fleet.invocations()[0], mended, "what was restarted is not restarted again");
    assert_eq!(fleet.place.ledger(), ["drain web-1", "enable web-1", "drain web-2", "enable web-2"]);
    // With one of them down already, nothing is begun.
    assert!(fleet.managers[1].ask(&["stop", "api"]).status.success());
    fleet.place.expect(1, &[&RESTART[..], &["--yes"]].concat()).says(&["api runs on web-2", "api is inactive"]);
    assert_eq!(fleet.place.ledger().len(), 4);
}

#[test]
fn an_engine_that_is_killed_between_two_hosts_restarts_each_of_them_once() {
    let fleet = Fleet::start("echo drain $1 >> ledger; [ $1 = web-1 ] || { echo > begun; read go < go; }");
    fleet.place.fifo("begun");
    fleet.place.fifo("go");
    let mut engine = fleet.place.command(&[&RESTART[..], &["--yes"]].concat()).spawn().expect("runbook");
    fleet.place.wait_for("begun");
    engine.kill().expect("kill -9");
    engine.wait().expect("it is gone");
    let first = fleet.invocations()[0].clone();
    fs::write(fleet.place.path("go"), "go\n").expect("its drain goes on");
    fleet.place.expect(0, &["resume"]).says(&["completed"]);
    assert_eq!(fleet.invocations()[0], first);
    assert_eq!(fleet.place.ledger(), ["drain web-1", "enable web-1", "drain web-2", "enable web-2"]);
}
