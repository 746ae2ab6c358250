//! A journal or a state directory that is not as it was left.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::chown;

use runbook_model::digest::Digest;

use crate::mount::{Namespace, skipped};
use crate::scene::is_proven;
use crate::support::Place;

/// Runs to a gate that is closed: two steps are done and sealed, one failed.
fn at_a_gate() -> Place {
    let place = Place::with(
        r#"
        command("a", #{ run: ["sh", "-c", "echo a >> ledger"], rollback: "nothing" });
        command("gate", #{ run: ["test", "-e", "open"], rollback: "nothing" });
        command("b", #{ run: ["sh", "-c", "echo b >> ledger"], rollback: "nothing" });
        "#,
    );
    place.expect(1, &["exec", "main"]);
    place.write("open", "");
    place
}

/// The refusal, and that nothing was run.
#[track_caller]
fn is_refused(place: &Place, words: &[&str]) {
    let run = place.newest_run();
    for verb in [["resume", &run], ["rollback", &run]] {
        place.expect(11, &verb).says(words).says(&["nothing was run", "runbook verify"]);
    }
    place.expect(11, &["verify"]).says(words);
    assert_eq!(place.ledger(), ["a"]);
}

#[test]
fn a_torn_last_line_is_dropped_and_the_run_goes_on() {
    let place = at_a_gate();
    let mut journal = fs::OpenOptions::new().append(true).open(place.journal_path()).expect("a journal");
    journal.write_all(br#"{"prev":"00"#).expect("half a record");
    place.expect(0, &["verify"]);
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["a", "b"]);
    is_proven(&place);
}

#[test]
fn a_flipped_bit_is_found_in_every_record() {
    let place = at_a_gate();
    let whole = fs::read(place.journal_path()).expect("a journal");
    let starts: Vec<_> = std::iter::once(0)
        .chain(whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1))
        .filter(|start| *start < whole.len())
        .collect();
    for (record, start) in starts.iter().enumerate() {
        let mut damaged = whole.clone();
        damaged[start + 40] ^= 1;
        fs::write(place.journal_path(), &damaged).expect("damage");
        place.expect(11, &["resume", &place.newest_run()]).says(&[&format!("record {record} (byte {start})")]);
    }
    fs::write(place.journal_path(), &whole).expect("mended");
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["a", "b"]);
}

#[test]
fn an_edited_record_with_a_new_chain_is_found_because_git_remembers_it() {
    let place = at_a_gate();
    let journal = fs::read_to_string(place.journal_path()).expect("a journal");
    let mut prev = "0".repeat(64);
    let mut forged = String::new();
    for line in journal.replacen("echo a >> ledger", "echo A >> ledger", 1).lines() {
        let body = &line[..line.rfind(r#","digest":"#).expect("a digest")];
        let old = body.find(r#""prev":""#).expect("a link") + 8;
        let body = format!("{}{prev}{}", &body[..old], &body[old + 64..]);
        prev = Digest::of(body.as_bytes()).to_string();
        forged.push_str(&format!("{body},\"digest\":\"{prev}\"}}\n"));
    }
    fs::write(place.journal_path(), forged).expect("a forgery");
    is_refused(&place, &["edited"]);
}

#[test]
fn a_journal_that_was_cut_between_two_records_is_found_because_git_remembers_more() {
    let place = at_a_gate();
    let journal = fs::read_to_string(place.journal_path()).expect("a journal");
    let lines = journal.lines().count();
    let cut: String = journal.split_inclusive('\n').take(lines - 3).collect();
    fs::write(place.journal_path(), cut).expect("a cut");
    is_refused(&place, &["cut"]);
}

#[test]
fn a_journal_that_was_removed_is_found_because_git_remembers_it() {
    let place = at_a_gate();
    fs::remove_file(place.journal_path()).expect("removed");
    place.expect(11, &["verify"]).says(&["it was cut"]);
    assert_eq!(place.ledger(), ["a"]);
}

#[test]
fn a_run_that_died_before_its_first_record_is_in_nobodys_way() {
    let place = at_a_gate();
    let real = place.newest_run();
    for (left, id) in [(None, "7ZZZZZZZZZZZZZZZZZZZZZZZZX"), (Some("journal.jsonl"), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ")] {
        let dir = place.state().join("runs").join(id);
        fs::create_dir(&dir).expect("a directory");
        if let Some(name) = left {
            fs::write(dir.join(name), "").expect("an empty journal");
        }
        place.expect(2, &["resume", id]).says(&["never began", "nothing was run"]);
        place.expect(0, &["runs"]).says(&[&real]);
        place.expect(0, &["verify"]);
        place.expect(0, &["seal"]);
    }
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["a", "b"]);
}

/// Every verb that looks and takes nothing.
fn looks(place: &Place) -> Vec<Vec<String>> {
    let run = place.newest_run();
    let lines = ["runs", "show {}", "show {} a", "report {} --format html", "diff {} {}", "verify", "verify {}"];
    lines.iter().map(|line| line.replace("{}", &run).split(' ').map(str::to_owned).collect()).collect()
}

/// What is in the state directory: paths, modes, times, sizes.
fn photograph(place: &Place) -> Vec<String> {
    use std::os::unix::fs::MetadataExt as _;
    let mut folders = vec![place.state()];
    let mut seen = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a directory") {
            let path = entry.expect("an entry").path();
            let meta = fs::symlink_metadata(&path).expect("metadata");
            let times = format!("{}.{} {}.{}", meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
            seen.push(format!("{} {:o} {} {times}", path.display(), meta.mode(), meta.len()));
            if meta.is_dir() {
                folders.push(path);
            }
        }
    }
    seen.sort();
    seen
}

#[test]
fn a_state_of_another_user_is_refused() {
    let place = Place::with(r#"command("a", #{ run: ["sh", "-c", "echo a >> ledger"], rollback: "nothing" });"#);
    place.expect(0, &["exec", "main"]);
    if chown(place.state(), Some(12_345), None).is_err() {
        return skipped("a state of another user", "this user may not give files away").unwrap_or_default();
    }
    place.expect(2, &["exec", "main"]).says(&["belongs to the user with uid 12345", "state_dir"]);
    place.expect(2, &["rollback", "0"]).says(&["12345"]);
    chown(place.state().join("audit.git"), Some(12_345), None).expect("given away");
    let before = photograph(&place);
    for looking in looks(&place) {
        place.expect(0, &looking.iter().map(String::as_str).collect::<Vec<_>>());
    }
    assert_eq!(photograph(&place), before, "whoever looks leaves nothing behind");
    chown(place.state(), Some(rustix::process::geteuid().as_raw()), None).expect("given back");
    chown(place.state().join("audit.git"), Some(12_345), None).expect("given away");
    place.expect(11, &["exec", "main"]).says(&["user 12345", "nothing was run"]);
    assert_eq!(place.ledger(), ["a"]);
}

#[test]
fn a_read_only_state_is_refused_and_can_be_read() {
    let Some(namespace) = Namespace::open("a read-only state") else { return };
    let place = at_a_gate();
    let mounted = namespace.shell(&place, "mount --bind .runbook .runbook; mount -o remount,ro,bind .runbook");
    assert_eq!(mounted.code, Some(0), "{mounted}");
    for verb in [&["exec", "main"] as &[_], &["resume"]] {
        namespace.expect(&place, 2, verb).says(&["read-only file system", "state_dir"]);
    }
    for looking in looks(&place) {
        namespace.expect(&place, 0, &looking.iter().map(String::as_str).collect::<Vec<_>>());
    }
    assert_eq!(place.ledger(), ["a"]);
    place.expect(0, &["resume"]);
}
