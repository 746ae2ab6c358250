//! `migrate-schema`, `backfill` and `postgres-slow-queries` on a real server.

use std::cell::RefCell;
use std::io::Write as _;
use std::process::{Child, ChildStdin, Stdio};

use crate::components::postgres::Postgres;
use crate::exercises::Exercised;
use crate::procedure::{place, unchanged};
use crate::support::{Place, kill, until};

fn shop(runbook: &str) -> (Postgres, Place) {
    let server = Postgres::start();
    server.sql("postgres", "create table orders (id bigint primary key, total bigint not null)");
    // Keys with holes: a batch is so many rows, and not so many keys.
    server.sql("postgres", "insert into orders select n * n, 1 from generate_series(1, 500) n");
    let settings =
        format!("postgres = {:?}\nmigrations = \"sql\"\nbackfills = \"sql\"\nreports = \"reports\"", server.db("postgres"));
    let place = place(runbook, &settings);
    std::fs::create_dir(place.path("reports")).expect("a directory");
    (server, place)
}

fn migration(place: &Place, name: &str, up: &str, down: &str, verify: &str) {
    for (kind, text) in [("up", up), ("down", down), ("verify", verify)] {
        place.write(&format!("sql/{name}.{kind}.sql"), text);
    }
}

struct Stage {
    server: Postgres,
    place: Place,
    parameters: Vec<String>,
    state: fn(&Stage) -> String,
    clients: RefCell<Vec<(Child, Option<ChildStdin>)>>,
}

fn staged(runbook: &str, parameters: &[&str], state: fn(&Stage) -> String) -> Stage {
    let (server, place) = shop(runbook);
    let parameters = parameters.iter().map(|&parameter| parameter.to_owned()).collect();
    Stage { server, place, parameters, state, clients: RefCell::default() }
}

/// The checkpoints stay on purpose: what counts are the rows.
pub(crate) fn backfill() -> Box<dyn Exercised> {
    let stage = staged("backfill", &["job=cents", "table=orders", "batch=250"], |stage| {
        stage.server.sql("postgres", "select md5(string_agg(id || ':' || total, ',' order by id)) from orders")
    });
    stage.place.write("sql/cents.sql", "update orders set total = total * 100 where id > :'from' and id <= :'to'");
    stage.place.write("sql/cents.back.sql", "update orders set total = total / 100 where id > :'from' and id <= :'to'");
    Box::new(stage)
}

/// The table of versions stays on purpose: it is made by a first run.
pub(crate) fn migrate_schema() -> Box<dyn Exercised> {
    let stage = staged("migrate-schema", &[], |stage| stage.server.photograph());
    let place = &stage.place;
    let column = "select count(*) = 1 from information_schema.columns where column_name = 'note';\n";
    migration(place, "0001_note", "alter table orders add note text;", "alter table orders drop note;", column);
    migration(place, "0002_new", "create table new (id int);", "drop table new;", "select true");
    place.expect(0, &["exec", "migrate-schema", "--yes"]);
    place.expect(6, &["rollback", &place.newest_run()]);
    Box::new(stage)
}

/// Somebody waits for somebody who does nothing.
pub(crate) fn slow_queries() -> Box<dyn Exercised> {
    Box::new(staged("postgres-slow-queries", &[], |stage| {
        let reports = std::fs::read_dir(stage.place.path("reports")).expect("reports").count();
        let idle = stage.server.sql("postgres", IDLE);
        format!("reports: {reports}\nidle in a transaction: {idle}")
    }))
}

const IDLE: &str = "select count(*) from pg_stat_activity where state = 'idle in transaction'";

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.place
    }

    fn parameters(&self) -> Vec<String> {
        self.parameters.clone()
    }

    fn prepare(&self) {
        if self.place.path("runbooks/postgres-slow-queries.rhai").exists() && self.clients.borrow().is_empty() {
            let blocker = client(&self.server, "begin;\nupdate orders set total = 2 where id = 1;\n");
            until("the blocker", || self.server.sql("postgres", IDLE) == "1");
            let waiter = client(&self.server, "update orders set total = 3 where id = 1;\n");
            let waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'";
            until("the waiter", || self.server.sql("postgres", waits) == "1");
            self.clients.borrow_mut().extend([blocker, waiter].map(|(child, input)| (child, Some(input))));
        }
    }

    fn state(&self) -> String {
        (self.state)(self)
    }

    fn answers(&self) -> bool {
        self.place.run(&["answer", &self.place.newest_run(), "--choose", "end its connection"]).code == Some(0)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for (mut child, input) in self.clients.take() {
            drop(input);
            child.kill().and_then(|()| child.wait()).map(drop).unwrap_or(());
        }
    }
}

/// Somebody connected, who has said this and not hung up.
fn client(server: &Postgres, statements: &str) -> (Child, ChildStdin) {
    let mut psql = server.psql("postgres", "");
    let psql = psql.args(["-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = psql.spawn().expect("psql");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(statements.as_bytes()).expect("it reads");
    (child, input)
}

#[test]
fn migrations_go_up_are_verified_and_come_down() {
    let (server, place) = shop("migrate-schema");
    let column = "select count(*) = 1 from information_schema.columns where column_name = 'note';\n";
    migration(&place, "0001_note", "alter table orders add note text;", "alter table orders drop note;", column);
    let before = server.photograph();
    place.expect(0, &["exec", "migrate-schema", "--dry-run"]).says(&["< alter table orders add note text;"]);
    unchanged(&before, &server.photograph());
    place.expect(0, &["exec", "migrate-schema", "--yes"]);
    let first = server.photograph();
    assert_eq!(server.sql("postgres", "select version from schema_migrations"), "0001");

    // The second cannot be applied: nothing of it is there. The third says of itself that it did not work.
    migration(&place, "0002_bad", "create table half (); select nonsense;", "", "select true");
    place.expect(1, &["exec", "migrate-schema", "--yes"]).says(&["nonsense"]);
    unchanged(&first, &server.photograph());
    place.expect(6, &["rollback", &place.newest_run()]);
    migration(&place, "0002_bad", "create table whole ();", "drop table whole;", "select false");
    place.expect(1, &["exec", "migrate-schema", "--yes"]).says(&["it did what it is for"]);
    // The way back is in the journal, whatever became of the file.
    migration(&place, "0002_bad", "", "drop table orders;", "select true");
    place.expect(6, &["rollback", &place.newest_run()]);
    unchanged(&first, &server.photograph());
}

#[test]
fn a_backfill_that_is_killed_changes_every_row_once() {
    let (server, place) = shop("backfill");
    place.write("sql/cents.sql", "update orders set total = total * 100 where id > :'from' and id <= :'to'");
    place.write("sql/cents.back.sql", "update orders set total = total / 100 where id > :'from' and id <= :'to'");
    let run = ["exec", "backfill", "-p", "job=cents", "-p", "table=orders", "-p", "batch=60"];
    let before = server.photograph();
    place.expect(0, &[run.as_slice(), &["--dry-run"]].concat());
    unchanged(&before, &server.photograph());

    let orders = "select md5(string_agg(id || ':' || total, ',' order by id)) from orders";
    let intact = server.sql("postgres", orders);
    let mut engine = place.command(&[run.as_slice(), &["--yes"]].concat()).spawn().expect("the binary starts");
    // Killed again and again, wherever it is just then; each time at least one batch further.
    for batches in [1, 3, 5] {
        until("some batches", || {
            let there = server.sql("postgres", "select to_regclass('backfill_batches') is not null") == "t";
            there && server.sql("postgres", "select count(*) from backfill_batches").parse::<u32>().expect("a number") >= batches
        });
        kill(engine);
        engine = place.command(&["resume", "--yes"]).spawn().expect("the binary starts");
    }
    assert!(engine.wait().expect("it ends").success());
    assert_eq!(server.sql("postgres", "select min(total), max(total), count(*) from orders"), "100|100|500");
    assert_eq!(server.sql("postgres", "select sum(rows), count(*) from backfill_batches"), "500|9");
    place.expect(6, &["rollback", &place.newest_run()]);
    assert_eq!(server.sql("postgres", orders), intact);
}

#[test]
fn who_blocks_is_found_and_ended_when_a_person_says_so() {
    let (server, place) = shop("postgres-slow-queries");
    let (mut blocker, open) = client(&server, "begin;\nupdate orders set total = 2 where id = 1;\n");
    until("the blocker", || {
        server.sql("postgres", "select count(*) from pg_stat_activity where state = 'idle in transaction'") == "1"
    });
    let (mut waiter, waits) = client(&server, "update orders set total = 3 where id = 1;\n");
    until("the waiter", || server.sql("postgres", "select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == "1");

    place.expect(4, &["exec", "postgres-slow-queries"]).says(&["keeps 1 waiting"]);
    place.expect(0, &["answer", &place.newest_run(), "--choose", "end its connection"]);
    place.expect(0, &["resume"]);
    // Before the pipe is closed, which would end it as well.
    assert_eq!(server.sql("postgres", "select count(*) from pg_stat_activity where state = 'idle in transaction'"), "0");
    drop((open, waits));
    blocker.wait().expect("it ends");
    assert!(waiter.wait().expect("it ends").success());
    assert_eq!(server.sql("postgres", "select total from orders where id = 1"), "3");
    let report = std::fs::read_dir(place.path("reports")).expect("reports").flatten().next().expect("a report");
    let report = std::fs::read_to_string(report.path()).expect("a report");
    assert!(report.contains(", state: idle in transaction, user: postgres, waiting: 1\n"), "for people to read: {report}");
}

#[test]
fn migrations_that_are_not_what_somebody_meant_are_refused() {
    let (server, place) = shop("migrate-schema");
    migration(&place, "0001_note", "alter table orders add note text;", "alter table orders drop note;", "select true");
    migration(&place, "0002_new", "create table new (id int);", "drop table new;", "select true");
    let before = server.photograph();
    // Somebody meant 0001.
    place.expect(1, &["exec", "migrate-schema", "--yes", "-p", "to=1"]).says(&["has no version 1", "0002"]);
    unchanged(&before, &server.photograph());
    place.expect(0, &["abandon", &place.newest_run(), "--why", "it was 0001"]);
    // PostgreSQL knows no such unit.
    place.expect(0, &["exec", "migrate-schema", "--yes", "-p", "to=0001", "-p", "patience=1m"]);
    let first = place.newest_run();

    // Another branch has brought a second 0001.
    migration(&place, "0001_other", "create table other (id int);", "drop table other;", "select true");
    place.expect(1, &["exec", "migrate-schema", "--yes"]).says(&["two migrations have the version 0001"]);
    for kind in ["up", "down", "verify"] {
        std::fs::remove_file(place.path(&format!("sql/0001_other.{kind}.sql"))).expect("ours");
    }
    place.expect(0, &["abandon", &place.newest_run(), "--why", "it has another version now"]);

    // The first is not taken away from under the second.
    place.expect(0, &["exec", "migrate-schema", "--yes"]);
    let (second, both) = (place.newest_run(), server.photograph());
    let ran = place.run(&["rollback", &first]);
    ran.says(&["a newer migration is applied"]);
    assert_ne!(ran.code, Some(6), "{ran}");
    unchanged(&both, &server.photograph());
    place.expect(0, &["abandon", &first, "--why", "the second one first"]);
    place.expect(6, &["rollback", &second]);
    assert_eq!(server.sql("postgres", "select version from schema_migrations"), "0001");
}

#[test]
fn a_migration_that_ends_the_transaction_itself_is_not_begun() {
    let (server, place) = shop("migrate-schema");
    let up = "begin;\ncreate table half (id int);\ncommit;\nselect nonsense;\n";
    migration(&place, "0001_half", up, "drop table half;", "select true");
    let before = server.photograph();
    place.expect(1, &["exec", "migrate-schema", "--yes"]).says(&["begins or ends a transaction"]);
    unchanged(&before, &server.photograph());
}

#[test]
fn a_backfill_of_a_smaller_key_waits_for_no_lock_for_long() {
    let (server, place) = shop("backfill");
    server.sql("postgres", "create table small (n int primary key, total int not null)");
    server.sql("postgres", "insert into small select n, 1 from generate_series(1, 100) n");
    // With a semicolon, as everybody writes it.
    place.write("sql/small.sql", "update small set total = total * 100 where n > :'from' and n <= :'to';\n");
    let run = ["exec", "backfill", "--yes", "-p", "job=small", "-p", "table=small", "-p", "key=n", "-p", "batch=60"];
    let (mut holder, open) = client(&server, "begin;\nupdate small set total = 1 where n = 60;\n");
    until("the lock", || server.sql("postgres", IDLE) == "1");
    // Who waits for one row holds 59 others.
    place.expect(1, &[run.as_slice(), &["-p", "patience=100ms"]].concat()).says(&["lock timeout"]);
    assert_eq!(server.sql("postgres", "select sum(total) from small"), "100");
    drop(open);
    holder.wait().expect("it ends");
    place.expect(0, &["resume"]).says(&["100 rows changed"]);
    assert_eq!(server.sql("postgres", "select min(total), max(total) from small"), "100|100");

    server.sql("postgres", "create table named (n text primary key, total int)");
    place
        .expect(1, &["exec", "backfill", "--yes", "-p", "job=small", "-p", "table=named", "-p", "key=n"])
        .says(&["a whole number is wanted"]);
}
