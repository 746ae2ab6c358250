//! `failover-postgres` on a real pair, under writes.

use std::process::{Command, Stdio};

use crate::components::postgres::Postgres;
use crate::exercises::Exercised;
use crate::procedure::{kill, list, place, recorded, unchanged, until};
use crate::support::Place;

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
    place.expect(0, &["exec", "failover-postgres", "--yes"]).says(&["it does not answer"]);
    assert_eq!(standby.sql("postgres", "select pg_is_in_recovery()"), "f");

    let Pair { primary, standby, place } = pair();
    primary.sql("postgres", "alter system reset synchronous_standby_names");
    primary.sql("postgres", "select pg_reload_conf()");
    standby.sql("postgres", "select pg_wal_replay_pause()");
    primary.sql("postgres", "insert into ledger select generate_series(1000, 9000)");
    place.expect(1, &["exec", "failover-postgres", "--yes", "-p", "behind=1000"]).says(&["bytes behind"]);
    assert!(primary.runs());
}
