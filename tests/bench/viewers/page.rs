//! The server that is measured, as a process.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::place::Place;

/// In a second, as Linux counts them for everybody who asks.
const TICKS: f64 = 100.0;

/// A server, ended when this is dropped.
pub(super) struct Page {
    pub(super) at: SocketAddr,
    pub(super) token: String,
    child: Child,
}

/// What a process has used.
pub(super) struct Used {
    /// Processor time.
    pub(super) seconds: f64,
    /// Memory that is resident.
    pub(super) mebibytes: f64,
}

impl Page {
    pub(super) fn serve(place: &Place) -> Result<Self, String> {
        let mut command = place.ours(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no standard error")?).lines().map_while(Result::ok);
        let line = lines.next().unwrap_or_default();
        // It may complain, and must not wait for a reader.
        std::thread::spawn(move || lines.for_each(|line| crate::output::tell(&format!("server: {line}"))));
        let at = line.split("://").nth(1).and_then(|at| at.parse().ok()).ok_or_else(|| format!("it does not serve: {line}"))?;
        let token = std::fs::read_to_string(place.path(".runbook/serve/token")).map_err(|error| error.to_string())?;
        Ok(Self { at, token: token.trim().to_owned(), child })
    }

    pub(super) fn used(&self) -> Result<Used, String> {
        let read =
            |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).map_err(|error| error.to_string());
        let status = read("status")?;
        let kibibytes =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
        // Behind the name, which may hold anything, the user's time is the twelfth word and the system's the thirteenth.
        let stat = read("stat")?;
        let words: Vec<f64> =
            stat.rsplit(") ").next().unwrap_or_default().split(' ').filter_map(|word| word.parse().ok()).collect();
        let ticks = words.get(10).zip(words.get(11)).map(|(user, system)| user + system);
        Ok(Used { seconds: ticks.ok_or("no times")? / TICKS, mebibytes: kibibytes.ok_or("no memory")? / 1024.0 })
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).map(drop).unwrap_or(());
    }
}

/// A pipe with a name.
pub(super) fn gate(path: &Path) -> Result<(), String> {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).map_err(|error| error.to_string())
}
