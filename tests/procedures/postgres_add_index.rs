//! `postgres-add-index` on a real server.

use crate::components::postgres::Postgres;
use crate::exercises::Exercised;
use crate::procedure::{place, unchanged};
use crate::support::{Place, kill, until};

const RUN: [&str; 6] = ["exec", "postgres-add-index", "-p", "table=orders", "-p", "columns=customer,placed"];

fn shop() -> (Postgres, Place) {
    let server = Postgres::start();
    server.sql("postgres", "create table orders (id bigserial primary key, customer int, placed date)");
    server
        .sql("postgres", "insert into orders (customer, placed) select n % 7, date '2026-01-01' from generate_series(1, 500) n");
    let place = place("postgres-add-index", &format!("postgres = {:?}", server.db("postgres")));
    (server, place)
}

fn index(server: &Postgres) -> String {
    server.sql("postgres", "select indisvalid from pg_index where indexrelid = to_regclass('orders_customer_placed_idx')")
}

pub(crate) fn exercised() -> Box<dyn Exercised> {
    Box::new(Stage(shop()))
}

struct Stage((Postgres, Place));

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.0.1
    }

    fn parameters(&self) -> Vec<String> {
        ["table=orders", "columns=customer,placed"].map(str::to_owned).to_vec()
    }

    fn state(&self) -> String {
        self.0.0.photograph()
    }
}

#[test]
fn an_index_is_built_rehearsed_before_and_rolled_back_after() {
    let (server, place) = shop();
    let before = (server.photograph(), place.photograph());
    place.expect(0, &[RUN.as_slice(), &["--dry-run"]].concat()).says(&[
        "name=orders_customer_placed_idx",
        "< create index concurrently :\"name\" on :\"schema\".:\"table\" (:\"c0\", :\"c1\");",
    ]);
    unchanged(&before.0, &server.photograph());
    assert!(place.photograph() == before.1, "a rehearsal changed a file");

    place.expect(0, &[RUN.as_slice(), &["--yes"]].concat()).says(&["completed"]);
    assert_eq!(index(&server), "t");
    place.expect(6, &["rollback", &place.newest_run()]);
    unchanged(&before.0, &server.photograph());
}

#[test]
fn what_a_failed_build_leaves_is_taken_away_and_found_by_the_next() {
    let (server, place) = shop();
    let unique = [RUN.as_slice(), &["-p", "unique=true", "--yes"]].concat();
    place.expect(1, &unique).says(&["could not create unique index"]);
    assert_eq!(index(&server), "f", "a build that failed leaves an invalid index");
    // Somebody gives the run up and begins again: the remnant is found.
    place.expect(0, &["abandon", &place.newest_run(), "--why", "it is to be plain"]);
    place.expect(0, &[RUN.as_slice(), &["--yes"]].concat()).says(&["remove the remnant"]);
    assert_eq!(index(&server), "t");

    let (server, place) = shop();
    let before = server.photograph();
    place.expect(1, &[RUN.as_slice(), &["-p", "unique=true", "--yes"]].concat());
    place.expect(6, &["rollback", &place.newest_run()]);
    assert_eq!(index(&server), "");
    unchanged(&before, &server.photograph());
}

#[test]
fn killed_while_it_waits_for_a_transaction_it_is_built_once() {
    let (server, place) = shop();
    // An open transaction that wrote keeps a concurrent build waiting. A pipe keeps psql from ending.
    let mut holder = server.psql("postgres", "");
    let mut holder =
        holder.args(["-f", "-"]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().expect("psql");
    let mut input = holder.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, b"begin;\nupdate orders set customer = 1 where id = 1;\nselect 'held';\n")
        .expect("it reads");
    until("the transaction", || {
        server.sql("postgres", "select count(*) from pg_stat_activity where state = 'idle in transaction'") == "1"
    });

    let engine = place.command(&[RUN.as_slice(), &["--yes"]].concat()).spawn().expect("the binary starts");
    until("the build", || index(&server) == "f");
    kill(engine);
    std::io::Write::write_all(&mut input, b"commit;\n").expect("it reads");
    drop(input);
    holder.wait().expect("psql ends");
    place.expect(0, &["resume", "--yes"]).says(&["completed"]);
    assert_eq!(index(&server), "t");
    assert_eq!(
        server.sql("postgres", "select count(*) from pg_class where relkind = 'i' and relname like 'orders_customer%'"),
        "1"
    );
}

#[test]
fn names_are_names_whatever_they_say() {
    let (server, place) = shop();
    server.sql("postgres", "create table \"select\" (\"from\" int, \"where\" int)");
    place.expect(0, &["exec", "postgres-add-index", "-p", "table=select", "-p", "columns=from,where", "--yes"]);
    assert_eq!(server.sql("postgres", "select count(*) from pg_indexes where indexname = 'select_from_where_idx'"), "1");
    place.expect(2, &["exec", "postgres-add-index", "-p", "table=x;drop table orders", "-p", "columns=a", "--yes"]);
    place
        .expect(1, &["exec", "postgres-add-index", "-p", "table=nowhere", "-p", "columns=a", "--yes"])
        .says(&["the table is there"]);
}

#[test]
fn an_index_that_is_not_what_was_asked_for_is_no_success() {
    let (server, place) = shop();
    let run = [RUN.as_slice(), &["--yes"]].concat();
    // PostgreSQL knows no such unit of time.
    place.expect(0, &[run.as_slice(), &["-p", "patience=1m"]].concat());
    place.expect(1, &[run.as_slice(), &["-p", "unique=true"]].concat()).says(&["it covers the columns"]);
    server.sql("postgres", "drop index orders_customer_placed_idx");
    server.sql("postgres", "create index orders_customer_placed_idx on orders (customer, placed) where customer = 1");
    place.expect(0, &["abandon", &place.newest_run(), "--why", "it is partial now"]);
    place.expect(1, &run).says(&["it covers the columns"]);
}

#[test]
fn what_a_colleague_is_building_is_no_remnant() {
    let (server, place) = shop();
    let mut holder = server.psql("postgres", "");
    let mut holder = holder.args(["-f", "-"]).stdin(std::process::Stdio::piped()).spawn().expect("psql");
    let mut input = holder.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, b"begin;\nupdate orders set customer = 1 where id = 1;\n").expect("it reads");
    until("the transaction", || {
        server.sql("postgres", "select count(*) from pg_stat_activity where state = 'idle in transaction'") == "1"
    });
    let build = "create index concurrently orders_customer_placed_idx on orders (customer)";
    let mut colleague = server.psql("postgres", build).spawn().expect("psql");
    until("the build", || index(&server) == "f");
    place.expect(1, &[RUN.as_slice(), &["--yes", "-p", "patience=100ms"]].concat()).says(&["is building", "right now"]);
    drop(input);
    holder.wait().expect("psql ends");
    assert!(colleague.wait().expect("psql ends").success());
    assert_eq!(index(&server), "t");
}
