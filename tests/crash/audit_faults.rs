//! An audit trail that cannot be written, or is not where the journal is.

use std::fs::{self, File, FileTimes};
use std::time::SystemTime;

use crate::mount::Namespace;
use crate::scene::is_proven;
use crate::support::Place;

/// The trail goes away in mid-run: the work is done, said to be unsealed, and sealed later.
#[test]
fn a_trail_that_falls_behind_is_caught_up() {
    let place = Place::with(
        r#"
        command("a", #{ run: ["sh", "-c", "echo a >> ledger; mv .runbook/audit.git away"], rollback: "nothing" });
        command("b", #{ run: ["sh", "-c", "echo b >> ledger"], rollback: "nothing" });
        "#,
    );
    let run = || place.newest_run();
    place.expect(9, &["exec", "main"]).says(&["not in the audit trail", &format!("runbook seal {}", run())]);
    assert_eq!(place.ledger(), ["a", "b"], "losing git does not stop the run");
    fs::rename(place.path("away"), place.state().join("audit.git")).expect("brought back");
    place.expect(0, &["verify"]);
    place.expect(0, &["seal", &run()]).says(&["sealed: 1"]);
    place.expect(0, &["seal"]).says(&["sealed: 0"]);
    is_proven(&place);
}

#[test]
fn a_read_only_trail_ends_with_9_and_is_sealed_later() {
    let Some(namespace) = Namespace::open("a read-only trail") else { return };
    let place = Place::with(
        r#"
        let trail = ".runbook/audit.git";
        command("a", #{ run: ["sh", "-c", "echo a >> ledger; mount --bind $0 $0; mount -o remount,ro,bind $0", trail], rollback: "nothing" });
        command("b", #{ run: ["sh", "-c", "echo b >> ledger"], rollback: "nothing" });
        "#,
    );
    namespace.expect(&place, 9, &["exec", "main"]).says(&["Read-only file system", "runbook seal"]);
    assert_eq!(place.ledger(), ["a", "b"]);
    // A new run does not begin without a place to be sealed in, unless somebody says why.
    namespace.expect(&place, 11, &["exec", "main"]).says(&["--unsealed"]);
    // A rehearsal finds that out, when it has rehearsed.
    namespace.expect(&place, 11, &["exec", "main", "--dry-run"]).says(&[
        "2 withheld",
        "would not be started",
        "Read-only",
        "--unsealed",
    ]);
    assert_eq!(place.ledger(), ["a", "b"]);
    place.expect(0, &["verify"]);
    place.expect(0, &["seal"]);
    is_proven(&place);
}

#[test]
fn a_lock_from_before_the_machine_started_is_removed() {
    let place = Place::with(r#"command("a", #{ run: ["true"], rollback: "nothing" });"#);
    place.expect(0, &["exec", "main"]);
    let lock = File::create(place.state().join("audit.git/refs/heads/main.lock")).expect("a lock");
    lock.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).expect("an old one");
    place.expect(0, &["exec", "main"]);
    is_proven(&place);
}

/// It could be of a git that runs, so it is waited for and never removed; the way out is said.
#[test]
fn a_lock_of_somebody_else_is_named_and_left() {
    let place = Place::with(r#"command("a", #{ run: ["sh", "-c", "echo a >> ledger"], rollback: "nothing" });"#);
    place.expect(0, &["exec", "main"]);
    let lock = place.state().join("audit.git/refs/heads/main.lock");
    File::create(&lock).expect("a lock");
    place.expect(9, &["exec", "main"]).says(&["main.lock", "if none is running, remove that file", "runbook seal"]);
    assert!(lock.exists() && place.ledger() == ["a", "a"], "the work is done all the same");
    // The run that is rehearsed would be started, as this one was.
    place.expect(9, &["exec", "main", "--dry-run"]).says(&["main.lock", "runbook seal"]);
    fs::remove_file(lock).expect("removed");
    place.expect(0, &["seal"]).says(&["sealed: 2"]);
    is_proven(&place);
}
