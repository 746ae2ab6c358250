//! `failover-postgres` on a real pair, under writes.

use std::process::{Command, Stdio};

use crate::components::postgres::Postgres;
use crate::exercises::Exercised;
use crate::procedure::{list, place, recorded, unchanged};
use crate::support::{Place, kill, until};

struct Pair {
    primary: Postgres,
    standby: Postgres,
    place: Place,
}

/// A primary with a synchronous standby, and the file by which the clients find it.
fn pair() -> Pair {
    let primary = Postgres::start();
    primary.sql("postgres", "create table ledger (n bigserial primary key)");
    let standby = primary.standby();
    primary.sql("postgres", "alter system set synchronous_standby_names = 'standby'");
    primary.sql("postgres", "select pg_reload_conf()");
    let sync = "select count(*) from pg_stat_replication where sync_state = 'sync'";
    until("the standby", || primary.sql("postgres", sync) == "1");
    let place = place("failover-postgres", "");
    place.write("service.conf", &format!("[app]\nhost={}\nuser=postgres\ndbname=postgres\n", primary.socket().display()));
    place.write(
        "runbook.toml",
        &format!(
            "[settings]\nprimary = {:?}\nstandby = {:?}\nfence = {}\nunfence = {}\nservice = {:?}\nclients = \"app\"\n",
            primary.db("postgres"),
            standby.db("postgres"),
            list(&primary.stop()),
            list(&primary.again()),
            place.path("service.conf"),
        ),
    );
    Pair { primary, standby, place }
}

/// Writes a row by the clients' way: its number when it is safe.
fn write(place: &Place) -> Option<String> {
    let mut psql = Command::new("psql");
    psql.args(["-X", "-q", "-A", "-t", "-d", "service=app", "-c", "insert into ledger default values returning n"]);
    let output = psql.env("PGSERVICEFILE", place.path("service.conf")).env("PGCONNECT_TIMEOUT", "2").output().expect("psql");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Performs the runbook while a client goes on writing, and gives what the client was told to be safe.
fn under_writes(place: &Place, mut engine: Command) -> Vec<String> {
    let mut engine = engine.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    let mut safe = Vec::new();
    while engine.try_wait().expect("ours").is_none() {
        safe.extend(write(place));
    }
    assert!(engine.wait().expect("it ends").success(), "the failover failed");
    safe
}

pub(crate) fn exercised() -> Box<dyn Exercised> {
    Box::new(pair())
}

impl Exercised for Pair {
    fn place(&self) -> &Place {
        &self.place
    }

    fn state(&self) -> String {
        let clients = self.place.read("service.conf");
        let clients = if clients.contains(&self.standby.socket().display().to_string()) { "standby" } else { "primary" };
        let recovers = self.standby.sql("postgres", "select pg_is_in_recovery()");
        format!("primary runs: {}\nstandby is one: {recovers}\nclients: {clients}", self.primary.runs())
    }
}

#[test]
fn nothing_that_was_safe_is_lost_and_the_way_back_is_refused() {
    let Pair { primary, standby, place } = pair();
    let before = (primary.photograph(), place.photograph());
    place.expect(0, &["exec", "failover-postgres", "--dry-run"]).says(&["promote the standby"]);
    unchanged(&before.0, &primary.photograph());
    assert!(place.photograph() == before.1, "a rehearsal changed a file");

    let safe = under_writes(&place, place.command(&["exec", "failover-postgres", "--yes"]));
    assert!(!safe.is_empty(), "the client wrote nothing");
    let there = standby.sql("postgres", "select n from ledger");
    let lost: Vec<_> = safe.iter().filter(|&row| !there.lines().any(|line| line == row)).collect();
    assert_eq!(lost, Vec::<&String>::new(), "rows were lost that the client was told to be safe");
    assert!(!primary.runs(), "the old primary runs");
    assert!(write(&place).is_some(), "the clients find the new primary");
    assert!(place.journal().iter().any(|record| record["text"].as_str().is_some_and(|text| text.contains("(RTO)"))));

    // Two primaries would be worse than a rollback that stops.
    let ran = place.run(&["rollback", &place.newest_run()]);
    ran.says(&["would be a second one", "pg_rewind"]);
    assert!(!primary.runs() && ran.code != Some(6), "{ran}");
    assert!(write(&place).is_some(), "the clients still find it");
}

#[test]
fn a_promotion_that_fails_gives_the_old_primary_back() {
    let Pair { primary, standby: _standby, place } = pair();
    let before = (primary.photograph(), place.photograph());
    let broken = place.read("runbooks/failover-postgres.rhai").replace("postgres::promote(standby)", "[\"false\"]");
    let sound = place.read("runbooks/failover-postgres.rhai");
    place.write("runbooks/failover-postgres.rhai", &broken);
    place.expect(1, &["exec", "failover-postgres", "--yes"]).says(&["promote the standby"]);
    assert!(!primary.runs());
    place.expect(6, &["rollback", &place.newest_run()]);
    place.write("runbooks/failover-postgres.rhai", &sound);
    let sync = "select count(*) from pg_stat_replication where sync_state = 'sync'";
    until("the standby", || primary.sql("postgres", sync) == "1");
    unchanged(&before.0, &primary.photograph());
    assert!(write(&place).is_some(), "the clients write again");
}

#[test]
fn killed_behind_the_fence_it_goes_on_to_the_end() {
    let Pair { primary, standby, place } = pair();
    let engine = place.command(&["exec", "failover-postgres", "--yes"]).spawn().expect("the binary starts");
    until("the fence", || recorded(&place, "step_intended", "fence the primary"));
    kill(engine);
    place.expect(0, &["resume"]);
    assert!(!primary.runs());
    assert_eq!(standby.sql("postgres", "select pg_is_in_recovery()"), "f");
    assert!(write(&place).is_some());
}

#[test]
fn a_primary_that_is_gone_is_failed_over_and_a_standby_that_lags_is_not_promoted() {
    let Pair { primary, standby, place } = pair();
    let argv = primary.argv("pg_ctl", &["-D", &primary.data(), "-w", "-m", "immediate", "stop"]);
    assert!(Command::new(&argv[0]).args(&argv[1..]).stdout(Stdio::null()).status().expect("pg_ctl").success());
    // Stopping what is stopped is a failure to pg_ctl: the fence of this pair says that it is down.
    let toml = place.read("runbook.toml").replace(&list(&primary.stop()), "[\"true\"]");
    place.write("runbook.toml", &toml);
    place.expect(0, &["exec", "failover-postgres", "--yes"]).says(&["unknown: the primary does not answer"]);
    assert_eq!(standby.sql("postgres", "select pg_is_in_recovery()"), "f");

    let Pair { primary, standby, place } = pair();
    primary.sql("postgres", "alter system reset synchronous_standby_names");
    primary.sql("postgres", "select pg_reload_conf()");
    standby.sql("postgres", "select pg_wal_replay_pause()");
    primary.sql("postgres", "insert into ledger select generate_series(1000, 9000)");
    place.expect(1, &["exec", "failover-postgres", "--yes", "-p", "behind=1000"]).says(&["bytes behind"]);
    assert!(primary.runs());
}

/// The same pair without the promise that the standby has everything.
fn asynchronous() -> Pair {
    let pair = pair();
    pair.primary.sql("postgres", "alter system reset synchronous_standby_names");
    pair.primary.sql("postgres", "select pg_reload_conf()");
    until("it is asynchronous", || pair.primary.sql("postgres", "show synchronous_standby_names").is_empty());
    pair
}

fn set(place: &Place, key: &str, value: &str) {
    let lines = place.read("runbook.toml");
    let line =
        |line: &str| if line.starts_with(&format!("{key} = ")) { format!("{key} = {value}\n") } else { format!("{line}\n") };
    place.write("runbook.toml", &lines.lines().map(line).collect::<String>());
}

/// The runbook, with its patience cut to what a test has.
fn hurried(place: &Place) {
    let source = place.read("runbooks/failover-postgres.rhai");
    let source = source.replace("within: \"30s\"", "within: \"1s\"").replace("within: \"2m\"", "within: \"1s\"");
    place.write("runbooks/failover-postgres.rhai", &source.replace("within: \"1m\"", "within: \"1s\""));
}

const STANDBY: &str = "select pg_is_in_recovery()";

#[test]
fn a_primary_that_is_still_stopping_is_no_fence() {
    let Pair { primary, standby, place } = asynchronous();
    hurried(&place);
    // Somebody is connected, and a smart stop waits for them while they write.
    let mut client = primary.psql("postgres", "").args(["-f", "-"]).stdin(Stdio::piped()).spawn().expect("psql");
    until("the client", || {
        primary.sql("postgres", "select count(*) from pg_stat_activity where backend_type = 'client backend'") == "2"
    });
    set(&place, "fence", &list(&primary.argv("pg_ctl", &["-D", &primary.data(), "-W", "-m", "smart", "stop"])));
    place.expect(1, &["exec", "failover-postgres", "--yes"]).says(&["it has not stopped yet"]);
    assert_eq!(standby.sql("postgres", STANDBY), "t", "a primary that still takes writes, and a second one");
    drop(client.stdin.take());
    client.wait().expect("psql ends");
}

#[test]
fn a_primary_that_only_we_cannot_reach_is_not_followed_by_a_second_one() {
    let Pair { primary, standby, place } = asynchronous();
    hurried(&place);
    // The way to it is broken, and the fence stops another machine.
    set(&place, "primary", "\"host=/nowhere user=postgres\"");
    set(&place, "fence", "[\"true\"]");
    place.expect(1, &["exec", "failover-postgres", "--yes"]).says(&["still receives from its primary"]);
    assert!(primary.runs());
    assert_eq!(standby.sql("postgres", STANDBY), "t");
}

#[test]
fn what_was_lost_while_somebody_thought_is_found_before_the_fence() {
    let Pair { primary, standby, place } = asynchronous();
    place.expect(4, &["exec", "failover-postgres"]);
    standby.sql("postgres", "alter system set primary_conninfo = ''");
    standby.sql("postgres", "select pg_reload_conf()");
    until("the standby is cut off", || primary.sql("postgres", "select count(*) from pg_stat_replication") == "0");
    primary.sql("postgres", "insert into ledger select generate_series(1000, 2000)");
    place.expect(0, &["answer", &place.newest_run(), "--yes"]);
    place.expect(1, &["resume"]).says(&["not connected to its primary"]);
    assert!(primary.runs(), "it was stopped for nothing");
    assert_eq!(standby.sql("postgres", STANDBY), "t");
}

#[test]
fn the_standby_is_judged_and_no_other_that_is_connected() {
    let Pair { primary, standby, place } = asynchronous();
    // Comes before `standby`, and has everything.
    let other = primary.standby();
    let named = format!("alter system set primary_conninfo = '{} application_name=archive'", primary.db("postgres"));
    other.sql("postgres", &named);
    other.sql("postgres", "select pg_reload_conf()");
    until("both are connected", || {
        primary.sql("postgres", "select count(distinct application_name) from pg_stat_replication") == "2"
    });
    standby.sql("postgres", "select pg_wal_replay_pause()");
    primary.sql("postgres", "insert into ledger select generate_series(1000, 9000)");
    place.expect(1, &["exec", "failover-postgres", "--yes", "-p", "behind=1000"]).says(&["bytes behind"]);
    assert!(primary.runs());

    // And a standby of somebody else is none of ours, however near it is.
    place.expect(0, &["abandon", &place.newest_run(), "--why", "another standby"]);
    let stranger = Postgres::start();
    let theirs = stranger.standby();
    set(&place, "standby", &format!("{:?}", theirs.db("postgres")));
    place.expect(1, &["exec", "failover-postgres", "--yes"]).says(&["is one of another primary"]);
    assert!(primary.runs());
}

#[test]
fn only_host_and_port_of_the_clients_are_written() {
    let Pair { primary, standby, place } = pair();
    let socket = primary.socket().display();
    let (others, ours) = ("[reports]\nhost=/elsewhere\n", "# theirs\nuser=shop\ndbname=orders\n");
    let text = format!("{others}[app]\nhost={socket}\nport=5432\n{ours}[more]\nhost={socket}\n");
    place.write("service.conf", &text);
    primary.sql("postgres", "create role shop login");
    primary.sql("postgres", "create database orders owner shop");
    place.expect(0, &["exec", "failover-postgres", "--yes"]);
    let there = standby.socket().display();
    assert_eq!(place.read("service.conf"), format!("{others}[app]\nhost={there}\n{ours}[more]\nhost={socket}\n"));

    // A service that nobody has is found out before the fence.
    let Pair { primary, standby: _standby, place } = pair();
    set(&place, "clients", "\"shop\"");
    place.expect(1, &["exec", "failover-postgres", "--yes"]).says(&["has no service [shop]"]);
    assert!(primary.runs());
}

#[test]
fn a_promotion_that_may_still_come_keeps_the_old_primary_down() {
    let Pair { primary, standby, place } = asynchronous();
    // A long report on the standby holds the replay up, and with it the promotion.
    standby.sql("postgres", "alter system set max_standby_streaming_delay = -1");
    standby.sql("postgres", "alter system set max_standby_archive_delay = -1");
    standby.sql("postgres", "select pg_reload_conf()");
    primary.sql("postgres", "insert into ledger select generate_series(1000, 1100)");
    until("the rows", || standby.sql("postgres", "select count(*) from ledger") == "101");
    let mut report =
        standby.psql("postgres", "").args(["-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("psql");
    let mut input = report.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, b"begin isolation level repeatable read;\nselect count(*) from ledger;\n")
        .expect("it reads");
    until("the report", || {
        standby.sql("postgres", "select count(*) from pg_stat_activity where state = 'idle in transaction'") == "1"
    });
    primary.sql("postgres", "delete from ledger");
    primary.sql("postgres", "vacuum ledger");
    until("the replay waits", || {
        standby.sql("postgres", "select count(*) from pg_stat_activity where wait_event = 'RecoveryConflictSnapshot'") == "1"
    });
    let argv = primary.argv("pg_ctl", &["-D", &primary.data(), "-w", "-m", "immediate", "stop"]);
    assert!(Command::new(&argv[0]).args(&argv[1..]).stdout(Stdio::null()).status().expect("pg_ctl").success());
    set(&place, "fence", "[\"true\"]");

    // A minute is the patience of the module; a test has less.
    let ask = "do $$ begin if not pg_promote(true, 1) then raise exception 'it is still a standby'; end if; end $$";
    let hurry = format!("postgres::psql(standby) + [\"-c\", \"{ask}\"]");
    let source = place.read("runbooks/failover-postgres.rhai").replace("postgres::promote(standby)", &hurry);
    place.write("runbooks/failover-postgres.rhai", &source);
    place.expect(1, &["exec", "failover-postgres", "--yes"]).says(&["it is still a standby"]);
    let ran = place.run(&["rollback", &place.newest_run()]);
    assert!(!primary.runs() && ran.code != Some(6), "{ran}");
    ran.says(&["or is about to be"]);
    // The report ends, and there it is.
    drop(input);
    report.wait().expect("psql ends");
    until("the promotion", || standby.sql("postgres", STANDBY) == "f");
}
