//! Sessions on the connection of a run: asked for without another `ssh`, and with what `ssh` would have sent.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::connections::accepted;
use super::place;
use super::sshd::Hosts;
use crate::support::{Place, Ran};

/// How often `ssh` is started by a run of `count` commands.
fn programs(hosts: &Hosts, count: usize) -> usize {
    let source = format!(
        "for n in 0..{count} {{ command(\"step\", #{{ on: \"web-1\", run: [\"sh\", \"-c\", \"echo $1 >> $HOME/ran\", \"sh\", `${{n}}`], rollback: \"nothing\" }}); }}"
    );
    let place = place(hosts, &source);
    let (bin, calls) = (place.path("bin"), place.path("calls"));
    fs::create_dir(&bin).expect("a directory");
    fs::write(bin.join("ssh"), format!("#!/bin/sh\necho call >> {}\nexec /usr/bin/ssh \"$@\"\n", calls.display()))
        .expect("a file");
    fs::set_permissions(bin.join("ssh"), fs::Permissions::from_mode(0o755)).expect("ours");
    let mut command = place.command(&["exec", "main"]);
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display()));
    let ran = Ran::of(command);
    assert_eq!(ran.code, Some(0), "{ran}");
    fs::read_to_string(calls).expect("it was called").lines().count()
}

#[test]
fn a_command_starts_no_ssh_of_its_own() {
    let hosts = Hosts::start(&["web-1"]);
    assert_eq!(programs(&hosts, 1), programs(&hosts, 12));
    let ran = fs::read_to_string(hosts.path("web-1.home/ran")).expect("they ran");
    assert_eq!(ran.lines().count(), 13);
}

#[test]
fn the_variables_that_the_configuration_sends_arrive_and_no_others() {
    let mut hosts = Hosts::start(&["web-1"]);
    hosts.settle("web-1", "AcceptEnv *");
    hosts.configure("  SendEnv RB_SENT_*\n  SetEnv RB_SET=3");
    let source =
        r#"print(command("looks", #{ on: "web-1", run: ["sh", "-c", "env | grep ^RB_ | sort"], rollback: "nothing" }).stdout);"#;
    let place: Place = place(&hosts, source);
    let mut command = place.command(&["exec", "main"]);
    command.env("RB_SENT_ONE", "1").env("RB_SECRET", "2");
    let ran = Ran::of(command);
    assert_eq!(ran.code, Some(0), "{ran}");
    let noted = place.journal().into_iter().find(|record| record["type"] == "noted").expect("a note");
    assert_eq!(noted["text"], "RB_SENT_ONE=1\nRB_SET=3", "{ran}");
}

/// The host opens one session a connection: the second command at the same time has to come by another connection.
#[test]
fn a_host_that_opens_no_more_sessions_on_the_connection_is_reached_by_another() {
    let mut hosts = Hosts::start(&["web-1"]);
    hosts.settle("web-1", "MaxSessions 1");
    let place = place(&hosts, "");
    for name in ["one", "two"] {
        place.fifo(name);
    }
    // Each waits for the other.
    let source = r#"
        parallel("both", ["echo > DIR/one; cat DIR/two", "cat DIR/one; echo > DIR/two"], #{ max: 2 }, |script| {
            command("waits", #{ on: "web-1", run: ["sh", "-c", script], timeout: "60s", rollback: "nothing" });
        });
    "#;
    let dir = place.path("").display().to_string();
    place.runbook("main", &source.replace("DIR", dir.trim_end_matches('/')));
    place.expect(0, &["exec", "main"]);
}

/// A runbook of commands on a host, with one here between the second and the third, which finds what waits for the third: its session
/// there, and its courier here.
fn waiting(hosts: &Hosts, here: &str, third: &str) -> Place {
    let place = place(hosts, "");
    let source = r#"
        let there = |name, script| command(name, #{ on: "web-1", run: ["sh", "-c", script], timeout: "60s", rollback: "nothing" });
        there.call("first", "echo $PPID > DIR/first");
        there.call("second", "echo $PPID $(ps -o ppid= -p $PPID) > DIR/second");
        command("here", #{ run: ["sh", "-c", `HERE`], timeout: "60s", rollback: "nothing" });
        there.call("third", `THIRD`);
    "#;
    let dir = place.path("").display().to_string();
    let source = source.replace("HERE", here).replace("THIRD", third);
    place.runbook("main", &source.replace("DIR", dir.trim_end_matches('/')));
    place
}

#[test]
fn the_session_of_the_next_command_is_open_before_it_is_needed() {
    let hosts = Hosts::start(&["web-1"]);
    let here = r#"read first < DIR/first; read second connection < DIR/second; next=
        until [ -n "$next" ]; do next=$(ps -o pid= --ppid $connection | grep -vw -e $first -e $second); done; echo $next > DIR/next"#;
    let third = r#"read next < DIR/next; echo "$PPID, $next"; [ $PPID -eq $next ]"#;
    waiting(&hosts, here, third).expect(0, &["exec", "main"]);
}

/// Whether that is known here by the time the third command comes, or is found out with it.
#[test]
fn a_session_that_is_lost_while_it_waits_is_not_missed() {
    let hosts = Hosts::start(&["web-1"]);
    let here = r#"read first < DIR/first; read second connection < DIR/second; next=
        until [ -n "$next" ]; do next=$(ps -o pid= --ppid $connection | grep -vw -e $first -e $second); done; kill -9 $next"#;
    waiting(&hosts, here, "echo again >> $HOME/ran").expect(0, &["exec", "main"]);
    assert_eq!(fs::read_to_string(hosts.path("web-1.home/ran")).expect("it ran"), "again\n");
}

/// The host opens two at a time: while a command runs there, the second is for whoever stops it.
#[test]
fn what_waits_takes_no_session_from_whoever_stops_a_command() {
    let mut hosts = Hosts::start(&["web-1"]);
    hosts.settle("web-1", "MaxSessions 2");
    // Connections before that do not count: the host may be slow to close what a quick command had.
    let source = r#"
        for n in 0..3 { command("quick", #{ on: "web-1", run: ["true"], rollback: "nothing" }); }
        command("hangs", #{ on: "web-1", run: ["sh", "-c", "grep -c 'Accepted publickey' LOG > $HOME/before; exec sleep 601"], timeout: "1s", rollback: "nothing", idempotent: true });
    "#;
    let source = source.replace("LOG", &hosts.path("web-1.log").display().to_string());
    place(&hosts, &source).expect(1, &["exec", "main"]).says(&["stopped after 1s"]);
    let before = fs::read_to_string(hosts.path("web-1.home/before")).expect("it ran");
    assert_eq!(before.trim(), accepted(&hosts).to_string());
}

#[test]
fn a_courier_that_dies_while_it_waits_is_not_missed() {
    let hosts = Hosts::start(&["web-1"]);
    let here = r#"courier=; until [ -n "$courier" ]; do courier=$(ps -o pid=,comm= --ppid $PPID | sed -n 's/ runbook-courier$//p'); done
        kill -9 $courier; while [ -d /proc/$courier ] && ! grep -q '^State:.Z' /proc/$courier/status; do :; done"#;
    waiting(&hosts, here, "echo again").expect(0, &["exec", "main"]);
}
