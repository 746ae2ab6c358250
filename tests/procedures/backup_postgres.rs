//! `backup-postgres` and `restore-drill-postgres` on a real server, with real age.

use std::process::Command;

use crate::components::postgres::Postgres;
use crate::exercises::Exercised;
use crate::procedure::{place, recorded, unchanged};
use crate::support::{Place, kill, until};

fn shop() -> (Postgres, Place) {
    let server = Postgres::start();
    server.sql("postgres", "create database shop");
    server.sql("shop", "create table orders (id bigserial primary key, what text, paid numeric)");
    server.sql("shop", "insert into orders (what, paid) select 'it''s \u{e9} ' || n, n / 7.0 from generate_series(1, 2000) n");
    server.sql("shop", "create schema \"Odd one\"; create table \"Odd one\".\"a.b\" (x jsonb); create table empty ()");
    let backup = place("backup-postgres", "");
    let drill = place("restore-drill-postgres", "");
    backup.write("runbooks/restore-drill-postgres.rhai", &drill.read("runbooks/restore-drill-postgres.rhai"));
    let key = Command::new("age-keygen").output().expect("age");
    let key = String::from_utf8(key.stdout).expect("text");
    let public = key.lines().find_map(|line| line.strip_prefix("# public key: ")).expect("a public key");
    backup.write("key.txt", &key);
    for dir in ["backups", "reports"] {
        std::fs::create_dir(backup.path(dir)).expect("a directory");
    }
    backup.write(
        "runbook.toml",
        &format!(
            "[settings]\npostgres = {:?}\nbackups = {:?}\nbackup_for = {public:?}\nbackup_identity = {:?}\nreports = {:?}\n",
            server.db("shop"),
            backup.path("backups"),
            backup.path("key.txt"),
            backup.path("reports"),
        ),
    );
    (server, backup)
}

fn shelf(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.path("backups/main")).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub(crate) fn backup() -> Box<dyn Exercised> {
    Box::new(Stage { stage: shop() })
}

/// With a backup to restore.
pub(crate) fn drill() -> Box<dyn Exercised> {
    let stage = shop();
    stage.1.expect(0, &["exec", "backup-postgres", "--yes"]);
    Box::new(Stage { stage })
}

struct Stage {
    stage: (Postgres, Place),
}

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.stage.1
    }

    fn state(&self) -> String {
        let (server, place) = &self.stage;
        let reports = std::fs::read_dir(place.path("reports")).expect("reports").flatten();
        let reports: Vec<_> = reports.map(|report| report.file_name().to_string_lossy().into_owned()).collect();
        format!("{:?}\n{reports:?}\n{}", shelf(place), server.photograph())
    }
}

#[test]
fn a_backup_is_restored_and_holds_what_was_there() {
    let (server, place) = shop();
    let before = (server.photograph(), place.photograph());
    place.expect(0, &["exec", "backup-postgres", "--dry-run"]).says(&["pg_export_snapshot"]);
    assert!(place.photograph() == before.1, "a rehearsal changed a file");

    place.expect(0, &["exec", "backup-postgres", "--yes"]);
    let [backup] = shelf(&place).try_into().expect("one backup");
    let dump = std::fs::read(place.path(&format!("backups/main/{backup}/dump.age"))).expect("a dump");
    assert!(dump.starts_with(b"age-encryption.org/v1"), "it is not encrypted");
    assert!(!place.path(&format!("backups/main/{backup}/dump")).exists(), "the plain dump is still there");
    unchanged(&before.0, &server.photograph());

    place.expect(0, &["exec", "restore-drill-postgres", "--yes"]);
    unchanged(&before.0, &server.photograph());
    assert!(place.read(&format!("reports/restore-drill-main-{backup}.md")).contains("Tables compared: 3"));
    assert_eq!(shelf(&place), std::slice::from_ref(&backup));

    // The drill notices when the backup is not what was backed up: the note says another number of rows.
    let noted = format!("backups/main/{backup}/dump.json");
    place.write(&noted, &place.read(&noted).replace("2000", "2001"));
    place.expect(6, &["exec", "restore-drill-postgres", "--yes"]).says(&["it is as it was written"]);
    let dir = place.path(&format!("backups/main/{backup}"));
    let sums =
        Command::new("sh").args(["-c", "sha256sum dump.age dump.json > SHA256SUMS"]).current_dir(dir).status().expect("sh");
    assert!(sums.success());
    place.expect(6, &["exec", "restore-drill-postgres", "--yes"]).says(&["every table has the same rows", "2001"]);
    unchanged(&before.0, &server.photograph());
    assert_eq!(shelf(&place), [backup], "the decrypted dump was left behind");
}

#[test]
fn a_backup_that_is_too_old_is_one_that_fails_the_drill() {
    let (server, place) = shop();
    place.expect(0, &["exec", "backup-postgres", "--yes"]);
    let before = server.photograph();
    let noted = format!("backups/main/{}/dump.json", shelf(&place)[0]);
    let text = place.read(&noted);
    let taken = text.split('"').nth(3).expect("a time").to_owned();
    place.write(&noted, &text.replace(&taken, "2020-02-29T00:00:00Z"));
    let dir = place.path(&format!("backups/main/{}", shelf(&place)[0]));
    Command::new("sh").args(["-c", "sha256sum dump.age dump.json > SHA256SUMS"]).current_dir(dir).status().expect("sh");
    place.expect(6, &["exec", "restore-drill-postgres", "--yes"]).says(&["26h were promised"]);
    unchanged(&before, &server.photograph());
}

#[test]
fn only_so_many_are_kept_and_a_rollback_takes_the_newest_away() {
    let (_server, place) = shop();
    for old in ["2025-01-01T000000Z", "2025-01-02T000000Z", "2025-01-03T000000Z"] {
        place.write(&format!("backups/main/{old}/dump.age"), "");
    }
    place.expect(0, &["exec", "backup-postgres", "--yes", "-p", "keep=2"]);
    let kept = shelf(&place);
    assert_eq!((kept.len(), kept[0].as_str()), (2, "2025-01-03T000000Z"));
    place.expect(6, &["rollback", &place.newest_run()]);
    assert_eq!(shelf(&place), ["2025-01-03T000000Z"]);
}

#[test]
fn a_dump_that_fails_leaves_nothing_and_says_why() {
    let (server, place) = shop();
    // psql may read every table by its schema, and pg_dump may not lock this one.
    server.sql("shop", "create role reader login; grant pg_read_all_data to reader; create table locked (id int)");
    server.sql("shop", "create policy nobody on orders using (false); alter table orders enable row level security");
    let toml = place.read("runbook.toml").replace("user=postgres", "user=reader");
    place.write("runbook.toml", &toml);
    place.expect(6, &["exec", "backup-postgres", "--yes"]).says(&["row-level security"]);
    assert_eq!(shelf(&place), Vec::<String>::new());
}

#[test]
fn killed_in_the_middle_of_a_dump_it_goes_on() {
    let (server, place) = shop();
    // A lock on a table holds the dump up for as long as the transaction is open.
    let mut holder = server.psql("shop", "");
    let holder = holder.args(["-f", "-"]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
    let mut holder = holder.spawn().expect("psql");
    let mut input = holder.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, b"begin;\nlock table orders in access exclusive mode;\nselect pg_sleep(0);\n")
        .expect("it reads");
    let locked = "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted and relation is not null";
    until("the lock", || server.sql("postgres", locked) != "0");
    let engine = place.command(&["exec", "backup-postgres", "--yes"]).spawn().expect("the binary starts");
    until("the dump", || recorded(&place, "step_intended", "dump the database"));
    kill(engine);
    drop(input);
    holder.wait().expect("psql ends");
    place.expect(0, &["resume"]);
    assert_eq!(shelf(&place).len(), 1);
    place.expect(0, &["exec", "restore-drill-postgres", "--yes"]);
}

#[test]
fn what_others_keep_on_the_shelf_is_theirs_and_this_one_stays() {
    let (_server, place) = shop();
    // The clock was wrong once: that one is newer than all that come.
    let others = ["2020-before-the-move", "README", "lost+found", "tmp"];
    for other in others.iter().chain(&["2099-01-01T000000Z"]) {
        place.write(&format!("backups/main/{other}/dump.age"), "");
    }
    place.expect(0, &["exec", "backup-postgres", "--yes", "-p", "keep=1"]);
    let kept = shelf(&place);
    assert!(others.iter().all(|other| kept.iter().any(|name| name == other)), "{kept:?}");
    assert_eq!(kept.len(), others.len() + 1, "{kept:?}");
    // None of them is a backup that could be restored.
    place.expect(0, &["exec", "restore-drill-postgres", "--yes"]);
}

#[test]
fn an_old_one_that_cannot_be_removed_costs_no_new_one() {
    let (_server, place) = shop();
    place.write("backups/main/2025-01-01T000000Z/dump.age", "");
    let stuck =
        place.read("runbooks/backup-postgres.rhai").replace("[\"rm\", \"-rf\", \"--\", `${shelf}/${name}`]", "[\"false\"]");
    place.write("runbooks/backup-postgres.rhai", &stuck);
    place
        .expect(0, &["exec", "backup-postgres", "--yes", "-p", "keep=1"])
        .says(&["2025-01-01T000000Z is too old and still there"]);
    assert_eq!(shelf(&place).len(), 2, "{:?}", shelf(&place));
}

#[test]
fn how_a_database_writes_its_times_is_no_difference() {
    let (server, place) = shop();
    server.sql("shop", "create table visits (at timestamptz, lasted interval, share float8, token bytea)");
    server.sql("shop", "insert into visits values ('2026-06-01 12:00+02', '90 minutes', 0.1, '\\x00ff')");
    for setting in ["timezone = 'Asia/Tokyo'", "datestyle = 'German'", "intervalstyle = 'iso_8601'", "bytea_output = 'escape'"] {
        server.sql("shop", &format!("alter database shop set {setting}"));
    }
    place.expect(0, &["exec", "backup-postgres", "--yes"]);
    place.expect(0, &["exec", "restore-drill-postgres", "--yes"]);
}
