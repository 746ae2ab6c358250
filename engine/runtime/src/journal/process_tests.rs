//! Other processes and other file systems: the test binary calls itself, below `unshare` where something is mounted, so
//! that nothing is left behind.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use runbook_model::entry::Purpose;
use runbook_model::id::Epoch;
use rustix::io::Errno;

use super::sample::{ended, holder, intent, new_run, noted, now, run_id};
use super::{CreateError, Holder, Journal, Lost, OpenError, ReadError, RunDir, StateDir, Unfit};

const PLACE: &str = "RUNBOOK_TEST_PLACE";

/// The place that the calling test gave; `None` when somebody runs ignored tests by hand.
fn place() -> Option<PathBuf> {
    std::env::var_os(PLACE).map(PathBuf::from)
}

/// This test binary, about to run one ignored test on `place`; `wrapper` is a program that runs a program.
fn call(test: &str, place: &Path, wrapper: &[&str]) -> Command {
    let this = std::env::current_exe().unwrap();
    let mut command = match wrapper {
        [] => Command::new(this),
        [program, args @ ..] => {
            let mut command = Command::new(program);
            command.args(args).arg(this);
            command
        }
    };
    command.args([&format!("journal::process_tests::{test}"), "--exact", "--ignored", "--nocapture"]).env(PLACE, place);
    command
}

/// Runs an ignored test below another program; where that program may not do its work, says so and gives up.
fn run_below(test: &str, place: &Path, wrapper: &[&str]) {
    let works = Command::new(wrapper[0]).args(&wrapper[1..]).arg("true").stderr(Stdio::null()).status();
    if !works.is_ok_and(|status| status.success()) {
        writeln!(std::io::stderr(), "SKIPPED {test}: `{}` is not permitted here", wrapper.join(" ")).unwrap();
        return;
    }
    let output = call(test, place, wrapper).output().unwrap();
    if matches!(output.status.code(), Some(126 | 127)) {
        writeln!(std::io::stderr(), "SKIPPED {test}: `{}` cannot run this test binary", wrapper[0]).unwrap();
        return;
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn this_process() -> Holder {
    Holder { pid: std::process::id(), purpose: Purpose::Exec, ..holder("ada") }
}

fn start_a_process_that_holds(run_dir: &RunDir) -> Child {
    let state = run_dir.dir().ancestors().nth(2).unwrap();
    let mut child = call("child_holds_the_run", state, &[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.ends_with("ready\n") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "the other process ended too early");
    }
    child
}

#[test]
#[ignore = "started by other tests"]
fn child_holds_the_run() {
    let Some(state) = place() else { return };
    let run_dir = StateDir::open(&state).unwrap().run(run_id(1));
    let journal = Journal::create(&run_dir, &this_process()).unwrap();
    block_on(journal.append_durably(noted("flushed"), now())).unwrap();
    journal.append(noted("written"), now()).unwrap();
    std::fs::OpenOptions::new().append(true).open(run_dir.journal()).unwrap().write_all(b"{\"prev\":\"torn").unwrap();
    std::io::stdout().write_all(b"ready\n").unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_run_has_one_process_and_outlives_its_death() {
    let (_home, run_dir) = new_run();
    let mut child = start_a_process_that_holds(&run_dir);
    let OpenError::Held(held) = Journal::open(&run_dir, &holder("bob")).unwrap_err() else { panic!("another error") };
    assert_eq!(held.holder.as_ref().map(|holder| holder.pid), Some(child.id()));
    assert_eq!(run_dir.held().unwrap(), Some(held));
    assert_eq!(Journal::read(&run_dir).unwrap().cut_tail, Some(13));

    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(run_dir.held().unwrap(), None);
    let (journal, reading) = Journal::open(&run_dir, &holder("bob")).unwrap();
    let entries: Vec<_> = reading.records.iter().map(|record| record.entry.clone()).collect();
    assert_eq!(entries, [noted("flushed"), noted("written")]);
    assert_eq!((reading.cut_tail, journal.epoch()), (Some(13), Epoch(2)));
    let content = run_dir.journal_content(journal.durable()).unwrap();
    assert_eq!(content, std::fs::read(run_dir.journal()).unwrap());
    let record = journal.append(noted("and on"), now()).unwrap();
    assert_eq!(run_dir.journal_content(journal.durable()).unwrap(), content);
    assert_eq!((record.epoch, record.seq.0), (Epoch(2), 2));
    drop(journal);
    assert_eq!(Journal::open(&run_dir, &holder("eve")).unwrap().0.epoch(), Epoch(3));
}

#[test]
fn a_new_run_is_for_this_user_alone_and_made_once() {
    let (_home, run_dir) = new_run();
    assert!(matches!(Journal::read(&run_dir), Err(ReadError::Missing { .. })));
    assert!(matches!(Journal::open(&run_dir, &holder("ada")), Err(OpenError::Read(ReadError::Missing { .. }))));
    assert!(!run_dir.dir().exists());
    let journal = Journal::create(&run_dir, &holder("ada")).unwrap();
    for (path, mode) in [
        (run_dir.dir().to_owned(), 0o40700),
        (run_dir.journal(), 0o100_600),
        (run_dir.lease(), 0o100_600),
        (run_dir.keeper(), 0o40700),
    ] {
        assert_eq!(path.metadata().unwrap().mode(), mode, "{}", path.display());
    }
    assert_eq!(journal.epoch(), Epoch(1));
    assert_eq!(Journal::read(&run_dir).unwrap().records, []);
    assert!(matches!(Journal::create(&run_dir, &holder("bob")), Err(CreateError::Exists { .. })));
}

#[test]
fn commands_inherit_neither_journal_nor_lease() {
    let (_home, run_dir) = new_run();
    let _journal = Journal::create(&run_dir, &holder("ada")).unwrap();
    let seen = Command::new("ls").args(["-l", "/proc/self/fd"]).output().unwrap();
    let seen = String::from_utf8(seen.stdout).unwrap();
    assert!(seen.contains("->") && !seen.contains("journal.jsonl") && !seen.contains("lease.json"), "{seen}");
}

#[test]
fn a_journal_that_grows_can_be_read() {
    let (_home, run_dir) = new_run();
    let journal = Journal::create(&run_dir, &holder("ada")).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut last = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let now = Journal::read(&run_dir).unwrap().records.len();
                assert!(now >= last);
                last = now;
            }
        });
        for step in 0..300 {
            journal.append(noted(&format!("{step}")), now()).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        reader.join().unwrap();
    });
    assert_eq!(Journal::read(&run_dir).unwrap().records.len(), 300);
}

#[test]
fn room_on_a_real_disk_is_given_back() {
    let (_home, run_dir) = new_run();
    let journal = Journal::create(&run_dir, &holder("ada")).unwrap();
    let (_, receipt) = block_on(journal.intend(intent("migrate"), now())).unwrap();
    let kept = || run_dir.journal().metadata().unwrap().blocks() * 512;
    let reserved = kept();
    journal.append(ended(&receipt), now()).unwrap();
    drop(journal);
    assert!(kept() <= 16 * 1024, "{} bytes are still set aside", kept());
    // Some file systems set nothing aside; those that do, do it in full.
    assert!(reserved >= 64 * 1024 || reserved <= 16 * 1024, "{reserved}");
    assert_eq!(Journal::read(&run_dir).unwrap().records.len(), 2);
}

#[test]
fn a_full_disk_refuses_the_intent_and_takes_the_outcome() {
    let mount = tempfile::tempdir().unwrap();
    let tmpfs = format!("mount -t tmpfs -o size=256k none '{}' && exec \"$0\" \"$@\"", mount.path().display());
    run_below("child_fills_the_disk", mount.path(), &["unshare", "--mount", "sh", "-c", &tmpfs]);
}

#[test]
#[ignore = "started by other tests"]
fn child_fills_the_disk() {
    let Some(mount) = place() else { return };
    let run_dir = StateDir::open(&mount.join("state")).unwrap().run(run_id(1));
    let journal = Journal::create(&run_dir, &holder("ada")).unwrap();
    let (_, receipt) = block_on(journal.intend(intent("first"), now())).unwrap();
    let filler = mount.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    let full = std::iter::repeat_with(|| file.write_all(&[b'x'; 512])).find_map(Result::err).unwrap();
    assert_eq!(Errno::from_io_error(&full), Some(Errno::NOSPC));

    let before = std::fs::read(run_dir.journal()).unwrap();
    let lost = block_on(journal.intend(intent("second"), now())).unwrap_err();
    assert_eq!(lost, Lost::NoRoom { run: run_dir.run(), source: Errno::NOSPC });
    assert!(lost.to_string().starts_with("cannot append to the journal: No space left on device"), "{lost}");
    assert_eq!(std::fs::read(run_dir.journal()).unwrap(), before);
    journal.append(ended(&receipt), now()).unwrap();
    block_on(journal.append_durably(noted(&"long ".repeat(4_000)), now())).unwrap();
    drop(journal);

    std::fs::remove_file(filler).unwrap();
    let (journal, reading) = Journal::open(&run_dir, &holder("ada")).unwrap();
    assert_eq!(reading.records.len(), 3);
    block_on(journal.intend(intent("second"), now())).map(drop).unwrap();
}

#[test]
fn a_read_only_file_system_is_refused() {
    let mount = tempfile::tempdir().unwrap();
    let place = mount.path().display();
    let script = format!(
        "mount -t tmpfs -o size=256k none '{place}' && mkdir -m 700 '{place}/state' && mount -o remount,ro '{place}' && exec \"$0\" \"$@\""
    );
    run_below("child_finds_it_read_only", mount.path(), &["unshare", "--mount", "sh", "-c", &script]);
}

#[test]
#[ignore = "started by other tests"]
fn child_finds_it_read_only() {
    let Some(mount) = place() else { return };
    for path in [mount.join("state"), mount.join("new")] {
        assert_eq!(StateDir::open(&path), Err(Unfit::ReadOnly { path }));
    }
}

#[test]
fn another_users_directory_is_refused() {
    if !rustix::process::geteuid().is_root() {
        writeln!(std::io::stderr(), "SKIPPED another_users_directory_is_refused: only root can give files away").unwrap();
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let path = home.path().canonicalize().unwrap();
    std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
    assert_eq!(StateDir::open(&path), Err(Unfit::Owner { path: path.clone(), owner: 65_534, us: 0 }));
    // What root may do anywhere, this user may not.
    let sealed = path.join("sealed");
    std::fs::create_dir(&sealed).unwrap();
    let wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
    run_below("child_may_not_write", &path, &wrapper);
}

#[test]
#[ignore = "started by other tests"]
fn child_may_not_write() {
    let Some(home) = place() else { return };
    let sealed = home.join("sealed");
    let new = sealed.join("state");
    assert_eq!(StateDir::open(&new), Err(Unfit::NotWritable { path: new.clone(), component: sealed }));
    let own = home.join("own");
    StateDir::open(&own).unwrap();
    std::fs::set_permissions(&own, std::os::unix::fs::PermissionsExt::from_mode(0o500)).unwrap();
    assert_eq!(StateDir::open(&own), Err(Unfit::NotWritable { path: own.clone(), component: own }));
}
