//! The power is cut, for real: a file system of its own loses everything that was not flushed, while the effects stay.
//!
//! An ext4 in a file, mounted in a mount namespace of the test, with a commit interval that never comes; it is shut down
//! without its log (`FS_IOC_SHUTDOWN`), every process of the run is killed, it is mounted again, and the machine has
//! another boot id. The ledger of effects lies outside: what happened has happened.

use crate::mount::{Namespace, skipped};
use crate::scene::kill_keepers;
use crate::support::Place;

/// `_IOR('X', 125, u32)` with `NOLOGFLUSH`. perl is part of every Debian.
const CUT: &str = r#"perl -e 'open my $d, "<", ".runbook" or die; my $f = pack("L", 2); ioctl($d, 0x8004587d, $f) or die'"#;
const PLUG_IN: &str = "truncate -s 48M disk; mkfs.ext4 -q -F disk; mkdir .runbook";
const MOUNT: &str = "mount -o loop,commit=3000 disk .runbook; chmod 700 .runbook";
const OTHER_BOOT: &str = "mount --bind boot /proc/sys/kernel/random/boot_id";

struct Power {
    namespace: Namespace,
    place: Place,
}

impl Power {
    fn on(test: &str, source: &str) -> Option<Self> {
        let namespace = Namespace::open(test)?;
        let place = Place::with(source);
        place.write("cut", CUT);
        place.write("boot", "11111111-2222-3333-4444-555555555555\n");
        let mounted = namespace.shell(&place, &format!("{PLUG_IN}; {MOUNT}"));
        if mounted.code != Some(0) {
            return skipped(test, &format!("no ext4 in a file can be mounted: {}", mounted.err.trim()));
        }
        Some(Self { namespace, place })
    }

    /// Whatever still runs dies, and the machine starts again.
    fn restart(&self) {
        kill_keepers(&self.place);
        let again = self.namespace.shell(&self.place, &format!("umount .runbook; {MOUNT}; {OTHER_BOOT}"));
        assert_eq!(again.code, Some(0), "{again}");
    }

    fn is_proven(&self) {
        self.namespace.expect(&self.place, 0, &["seal"]);
        self.namespace.expect(&self.place, 0, &["verify"]);
        let fsck = self.namespace.shell(&self.place, "git --git-dir .runbook/audit.git fsck --strict --full");
        assert_eq!(fsck.code, Some(0), "{fsck}");
    }

    fn journal(&self) -> Vec<serde_json::Value> {
        let journal = self.namespace.shell(&self.place, "cat .runbook/runs/*/journal.jsonl").out;
        journal.lines().map(|line| serde_json::from_str(line).expect("a record is JSON")).collect()
    }

    fn run(&self) -> String {
        self.namespace.shell(&self.place, "ls .runbook/runs").out.trim().to_owned()
    }
}

/// A run whose step `cut` loses the power in the middle of it.
fn cut_in(options: &str) -> String {
    format!(
        r#"
        command("a", #{{ run: ["sh", "-c", "echo a >> ledger"], rollback: ["sh", "-c", "echo back a >> ledger"] }});
        command("cut", #{{ run: ["sh", "-c", "echo cut >> ledger; test -e off || {{ touch off; sh cut; }}"],
                          rollback: ["sh", "-c", "echo back cut >> ledger"] {options} }});
        command("b", #{{ run: ["sh", "-c", "echo b >> ledger"], rollback: ["sh", "-c", "echo back b >> ledger"] }});
        "#
    )
}

#[test]
fn the_step_in_flight_is_in_doubt_and_nothing_that_was_told_is_lost() {
    let Some(power) = Power::on("a power cut in mid-step", &cut_in("")) else { return };
    power.namespace.expect(&power.place, 130, &["exec", "main"]).says(&["done command: a", "cannot append to the journal"]);
    power.restart();
    let journal = power.journal();
    let has = |kind: &str, path: &str| journal.iter().any(|record| record["type"] == kind && record["path"] == path);
    assert!(has("step_ended", "a"), "it was told that `a` is done");
    assert!(has("step_intended", "cut") && !has("step_ended", "cut"), "the intent was on disk before the effect");
    power.namespace.expect(&power.place, 5, &["resume"]).says(&["cut", "in doubt", "restarted"]);
    assert_eq!(power.place.ledger(), ["a", "cut"]);
    power.namespace.expect(&power.place, 0, &["resolve", &power.run(), "cut", "did", "--why", "the ledger has it"]);
    power.namespace.expect(&power.place, 0, &["resume"]);
    assert_eq!(power.place.ledger(), ["a", "cut", "b"]);
    power.is_proven();
    power.namespace.expect(&power.place, 6, &["rollback", &power.run()]);
    assert_eq!(power.place.ledger(), ["a", "cut", "b", "back b", "back cut", "back a"]);
    power.is_proven();
}

#[test]
fn an_author_who_says_how_to_tell_is_asked_instead_of_a_person() {
    let settled = cut_in(r#", settled_by: || fs::read("ledger").contains("cut")"#);
    let Some(power) = Power::on("a power cut in mid-step, settled", &settled) else { return };
    power.namespace.expect(&power.place, 130, &["exec", "main"]);
    power.restart();
    power.namespace.expect(&power.place, 0, &["resume"]);
    assert_eq!(power.place.ledger(), ["a", "cut", "b"]);
    power.is_proven();
}

#[test]
fn an_idempotent_step_is_done_again() {
    let Some(power) = Power::on("a power cut in mid-step, idempotent", &cut_in(", idempotent: true")) else { return };
    power.namespace.expect(&power.place, 130, &["exec", "main"]);
    power.restart();
    power.namespace.expect(&power.place, 0, &["resume"]);
    assert_eq!(power.place.ledger(), ["a", "cut", "cut", "b"]);
    power.is_proven();
}

#[test]
fn a_run_that_said_that_it_ended_has_ended_and_is_sealed() {
    let source = r#"command("a", #{ run: ["sh", "-c", "echo a >> ledger"], rollback: ["sh", "-c", "echo back a >> ledger"] });"#;
    let Some(power) = Power::on("a power cut after the end", source) else { return };
    power.namespace.expect(&power.place, 0, &["exec", "main"]);
    let cut = power.namespace.shell(&power.place, "sh cut");
    assert_eq!(cut.code, Some(0), "{cut}");
    power.restart();
    power.namespace.expect(&power.place, 0, &["seal"]).says(&["sealed: 0"]);
    power.is_proven();
    power.namespace.expect(&power.place, 0, &["resume", &power.run()]).says(&["completed already"]);
    assert_eq!(power.place.ledger(), ["a"]);
}
