//! Lets a host forget what it kept of attempts.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Link, far};

/// How long the end of a run may be kept waiting for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Lets a host forget attempts of a run. It costs a few kilobytes there when it cannot be done, and nothing here.
pub fn forget(link: &Link, run: &str, keys: &[String]) {
    let argv = link.argv(false, std::path::Path::new("/dev/null"));
    let child = Command::new(&argv[0])
        .args(&argv[1..])
        .arg(far::command())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return };
    if let Some(mut stdin) = child.stdin.take() {
        // The far half begins the same way whatever it is asked for: the nonce is of no use here.
        stdin.write_all(format!("forget - {run} - {}\n", keys.join(" ")).as_bytes()).unwrap_or(());
    }
    let deadline = Instant::now() + PATIENCE;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() > deadline {
            child.kill().and_then(|()| child.wait()).map(drop).unwrap_or(());
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
