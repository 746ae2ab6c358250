//! Lets hosts forget what they kept of attempts.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::io::ioctl_fionbio;
use rustix::pipe::fcntl_setpipe_size;

use super::{Link, far, together};

/// How long the end of a run may be kept waiting for all hosts together.
const PATIENCE: Duration = Duration::from_secs(3);

/// Lets hosts forget attempts of a run, and that it was there at all once nothing is left of it. Where it cannot be done it
/// costs a few kilobytes there, and nothing here.
///
/// They are asked at the same time: hosts that were reached in the morning and are gone now, with the network between, cost
/// the end of the run no more than one of them would.
pub fn forget(run: &str, hosts: &[(Link, Vec<String>)]) {
    together::ended(hosts.iter().filter_map(|(link, keys)| ask(link, run, keys)), PATIENCE);
}

fn ask(link: &Link, run: &str, keys: &[String]) -> Option<Child> {
    let argv = link.argv(false, std::path::Path::new("/dev/null"));
    let mut child = Command::new(&argv[0])
        .args(&argv[1..])
        .arg(far::command())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    if let Some(mut stdin) = child.stdin.take() {
        // The far half begins the same way whatever it is asked for: the nonce is of no use here.
        let request = format!("forget - {run} - {}\n", keys.join(" "));
        // Nobody may be reading at the other end: room for all of it, and whoever has none is not waited for.
        fcntl_setpipe_size(&stdin, request.len()).ok();
        if ioctl_fionbio(&stdin, true).is_ok() {
            stdin.write_all(request.as_bytes()).unwrap_or(());
        }
    }
    Some(child)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_host_that_does_not_listen_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("ssh");
        fs::write(&program, "#!/bin/sh\nexec sleep 5\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let link = Link { ssh: program.display().to_string(), options: Vec::new(), host: "web-1".to_owned(), shared: None };
        // More than a pipe takes by itself, and more than it takes at all.
        for count in [10_000, 1_000_000] {
            let keys: Vec<_> = (0..count).map(|key| format!("{key:016x}")).collect();
            let mut child = ask(&link, "RUN", &keys).unwrap();
            assert!(matches!(child.try_wait(), Ok(None)), "{count}");
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn a_host_hears_of_thousands_of_commands() {
        let dir = tempfile::tempdir().unwrap();
        let (program, said) = (dir.path().join("ssh"), dir.path().join("said"));
        fs::write(&program, format!("#!/bin/sh\ncat >{}\n", said.display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let link = Link { ssh: program.display().to_string(), options: Vec::new(), host: "web-1".to_owned(), shared: None };
        let keys: Vec<_> = (0..10_000).map(|key| format!("{key:016x}")).collect();
        forget("RUN", &[(link, keys.clone())]);
        assert_eq!(fs::read_to_string(said).unwrap(), format!("forget - RUN - {}\n", keys.join(" ")));
    }

    /// Each of two waits for the other one: one after the other, neither would come to its end.
    #[test]
    fn hosts_are_asked_at_the_same_time() {
        let dir = tempfile::tempdir().unwrap();
        let (program, said) = (dir.path().join("ssh"), dir.path().join("said"));
        let place = dir.path().display();
        let script = format!("#!/bin/sh\ncd {place}\nif mkdir first 2>/dev/null; then cat line >said; else cat >line; fi\n");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, dir.path().join("line"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let host =
            |name: &str| Link { ssh: program.display().to_string(), options: Vec::new(), host: name.to_owned(), shared: None };
        forget("RUN", &[(host("web-1"), vec!["k1".to_owned()]), (host("web-2"), vec!["k1".to_owned()])]);
        assert_eq!(fs::read_to_string(said).unwrap(), "forget - RUN - k1\n");
    }
}
