use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use runbook_model::answer::Answer;
use runbook_model::change::{FileBefore, FileRestore, FileWrite};
use runbook_model::digest::Digest;

use super::*;
use crate::world::live::Site;
use crate::world::{Performed, Recovered};

const TAG: &str = "01J0000000000000000000000A-00000000000000ff";

fn site(root: &Path) -> Site {
    Site::new("01J0000000000000000000000A".parse().unwrap(), root)
}

fn write(path: &str, content: &str) -> FileWrite {
    FileWrite { path: path.to_owned(), content: content.to_owned(), ..FileWrite::default() }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn restore_of(write: &FileWrite) -> FileRestore {
    let before = write.before.clone().unwrap();
    FileRestore { path: write.path.clone(), before, written: Digest::of(write.content.as_bytes()), written_sealed: None }
}

fn why(performed: Performed) -> String {
    match performed {
        Performed::Failed(failure) => failure.line(),
        other => panic!("not a failure: {other:?}"),
    }
}

const DONE: Performed = Performed::Done(Answer::Written);

#[test]
fn a_new_file_is_written_recovered_and_rolled_back() {
    let dir = tempfile::tempdir().unwrap();
    let prepared = prepare_write(&site(dir.path()), &write("app.conf", "a = 1\n")).unwrap();
    assert_eq!(prepared.before, Some(FileBefore::Absent));
    assert_eq!(prepared.path, dir.path().join("app.conf").display().to_string());
    assert!(matches!(recover_write(&prepared, TAG), Recovered::NeverBegun { .. }));
    assert_eq!(perform_write(&prepared, TAG), DONE);
    let file = dir.path().join("app.conf");
    assert_eq!((fs::read_to_string(&file).unwrap().as_str(), fs::metadata(&file).unwrap().mode() & 0o7777), ("a = 1\n", 0o644));
    assert_eq!(recover_write(&prepared, TAG), Recovered::Ended(DONE));
    let inode = fs::metadata(&file).unwrap().ino();
    assert_eq!(perform_write(&prepared, TAG), DONE);
    assert_eq!(fs::metadata(&file).unwrap().ino(), inode, "what is so already is not written again");
    let restore = prepare_restore(&site(dir.path()), &restore_of(&prepared)).unwrap();
    assert!(matches!(recover_restore(&restore, TAG), Recovered::NeverBegun { .. }));
    assert_eq!(perform_restore(&restore, TAG), DONE);
    assert_eq!(recover_restore(&restore, TAG), Recovered::Ended(DONE));
    assert_eq!(perform_restore(&restore, TAG), DONE, "putting back twice is putting back once");
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn mode_content_and_link_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let (file, link) = (dir.path().join("real.conf"), dir.path().join("link.conf"));
    fs::write(&file, [b'o', 0xff, b'd']).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.conf", &link).unwrap();
    let mut wanted = write("link.conf", "new");
    wanted.mode = Some(0o600);
    let prepared = prepare_write(&site(dir.path()), &wanted).unwrap();
    assert_eq!(perform_write(&prepared, TAG), DONE);
    assert_eq!((fs::read(&file).unwrap(), fs::metadata(&file).unwrap().mode() & 0o7777), (b"new".to_vec(), 0o600));
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("real.conf"), "the link is kept");
    assert_eq!(perform_restore(&restore_of(&prepared), TAG), DONE);
    assert_eq!((fs::read(&file).unwrap(), fs::metadata(&file).unwrap().mode() & 0o7777), (vec![b'o', 0xff, b'd'], 0o640));
    assert_eq!(names(dir.path()), ["link.conf", "real.conf"]);
}

#[test]
fn a_mode_alone_is_a_change_too() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    fs::write(&file, "same").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let mut wanted = write("key", "same");
    wanted.mode = Some(0o600);
    let prepared = prepare_write(&site(dir.path()), &wanted).unwrap();
    assert!(matches!(recover_write(&prepared, TAG), Recovered::NeverBegun { .. }));
    assert_eq!(perform_write(&prepared, TAG), DONE);
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(
        recover_restore(&restore_of(&prepared), TAG),
        Recovered::NeverBegun { evidence: format!("`{}` still has the content that is to be rolled back", file.display()) }
    );
    assert_eq!(perform_restore(&restore_of(&prepared), TAG), DONE);
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o644);
}

#[test]
fn what_somebody_else_wrote_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app.conf");
    fs::write(&file, "old").unwrap();
    let prepared = prepare_write(&site(dir.path()), &write("app.conf", "new")).unwrap();
    fs::write(&file, "theirs").unwrap();
    assert!(why(perform_write(&prepared, TAG)).contains("somebody changed it after this step had looked at it"));
    assert!(matches!(recover_write(&prepared, TAG), Recovered::InDoubt { known } if known.contains("6 bytes")));
    let restore = restore_of(&prepared);
    assert!(why(perform_restore(&restore, TAG)).contains("somebody changed it since this run wrote it"));
    assert!(prepare_restore(&site(dir.path()), &restore).is_err(), "a rehearsed rollback says so before");
    assert!(matches!(recover_restore(&restore, TAG), Recovered::InDoubt { .. }));
    assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
    fs::remove_file(&file).unwrap();
    assert!(why(perform_restore(&restore, TAG)).contains("somebody removed it"));
}

#[test]
fn refuses_what_is_not_a_plain_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("conf.d")).unwrap();
    fs::write(dir.path().join("big"), vec![b'x'; usize::try_from(BEFORE_LIMIT).unwrap() + 1]).unwrap();
    fs::write(dir.path().join("one"), "x").unwrap();
    fs::hard_link(dir.path().join("one"), dir.path().join("two")).unwrap();
    symlink("round", dir.path().join("round")).unwrap();
    let refused = |path: &str| prepare_write(&site(dir.path()), &write(path, "x")).unwrap_err().line();
    for (path, words) in [
        ("conf.d", "it is a directory"),
        ("/dev/null", "only regular files"),
        ("big", "1048577 bytes"),
        ("one", "2 names (hard links)"),
        ("round", "too many symbolic links"),
        ("no/such/dir", "does not exist"),
        ("", "cannot be the path"),
        ("..", "does not name a file"),
    ] {
        let line = refused(path);
        assert!(line.contains(words), "{path}: {line}");
    }
}

#[test]
fn a_killed_attempt_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let prepared = prepare_write(&site(dir.path()), &write("app.conf", "new")).unwrap();
    fs::write(dir.path().join(format!(".runbook-{TAG}-0000abcd")), "ne").unwrap();
    fs::write(dir.path().join(".runbook-other-0000abcd"), "ne").unwrap();
    assert!(matches!(recover_write(&prepared, TAG), Recovered::NeverBegun { .. }));
    assert_eq!(names(dir.path()), [".runbook-other-0000abcd"], "another run's file is not ours to remove");
}

#[test]
fn a_second_attempt_remembers_what_the_first_one_found() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app.conf");
    fs::write(&file, "old").unwrap();
    let first = prepare_write(&site(dir.path()), &write("app.conf", "new")).unwrap();
    assert_eq!(perform_write(&first, TAG), DONE);
    assert_eq!(prepare_write(&site(dir.path()), &first), Ok(first.clone()), "our own content is not what was there before");
    fs::write(&file, "theirs").unwrap();
    let second = prepare_write(&site(dir.path()), &first).unwrap();
    assert_eq!(perform_write(&second, TAG), DONE);
    assert_eq!(perform_restore(&restore_of(&second), TAG), DONE);
    assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
}

#[test]
fn a_write_that_the_file_system_refuses_says_where() {
    // Nobody can create files in /proc, not even root.
    let line = why(perform_write(&write("/proc/runbook.conf", "x"), TAG));
    assert!(line.starts_with("`/proc/runbook.conf`: ") && line.ends_with(", in its directory `/proc`"), "{line}");
}

#[test]
fn a_failed_write_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let prepared = prepare_write(&site(dir.path()), &write("app.conf", "new")).unwrap();
    // A directory that lost its place: works for root too, unlike permission bits.
    fs::remove_dir(dir.path()).unwrap();
    assert!(why(perform_write(&prepared, TAG)).contains("does not exist"));
}

#[test]
fn attributes_come_along() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app.conf");
    fs::write(&file, "old").unwrap();
    if rustix::fs::setxattr(&file, "user.origin", b"puppet", rustix::fs::XattrFlags::empty()).is_err() {
        return; // this file system has none
    }
    let prepared = prepare_write(&site(dir.path()), &write("app.conf", "new")).unwrap();
    assert_eq!(perform_write(&prepared, TAG), DONE);
    let mut value = [0_u8; 16];
    let length = rustix::fs::getxattr(&file, "user.origin", &mut value[..]).unwrap();
    assert_eq!(&value[..length], b"puppet");
}

#[test]
fn a_reader_sees_the_old_content_or_the_new_one_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app.conf");
    let contents = ["a".repeat(200_000), "b".repeat(70_000)];
    fs::write(&file, &contents[0]).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) {
                let read = fs::read_to_string(&file).unwrap();
                assert!(contents.contains(&read), "{} bytes of neither content", read.len());
                reads += 1;
            }
            reads
        });
        for content in contents.iter().cycle().take(101) {
            assert_eq!(perform_write(&write(&file.display().to_string(), content), TAG), DONE);
        }
        done.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
    });
    assert_eq!(names(dir.path()), ["app.conf"]);
}
