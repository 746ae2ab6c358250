//! Who lives on this machine: what `/proc` says about processes.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use runbook_model::answer::Process;

use super::job::MARKER;

/// A process as `/proc/<pid>/stat` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alive {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) group: u32,
    /// Ticks since boot: with the pid it names a process for good, because pids are used again.
    pub(super) start: u64,
    pub(super) name: String,
    state: char,
}

impl Alive {
    pub(super) fn read(pid: u32) -> Option<Self> {
        // Looked at with every command: one call for a line that is never longer than this.
        let mut stat = [0; 4096];
        let length = File::open(format!("/proc/{pid}/stat")).and_then(|mut file| file.read(&mut stat)).ok()?;
        Self::parse(&String::from_utf8_lossy(&stat[..length]))
    }

    /// The name may hold blanks and parentheses: it reaches from the first `(` to the last `)`.
    fn parse(stat: &str) -> Option<Self> {
        let (pid, rest) = stat.split_once(" (")?;
        let (name, rest) = rest.rsplit_once(") ")?;
        let fields: Vec<_> = rest.split(' ').collect();
        let number = |at: usize| fields.get(at)?.parse().ok();
        Some(Self {
            pid: pid.parse().ok()?,
            parent: number(1)?,
            group: number(2)?,
            start: fields.get(19)?.parse().ok()?,
            name: name.to_owned(),
            state: fields.first()?.chars().next()?,
        })
    }

    /// A process that has ended but was not yet asked for its status lives no more.
    pub(super) fn lives(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }

    /// Whether this same process lives now.
    pub(super) fn still_lives(&self) -> bool {
        Self::read(self.pid).is_some_and(|now| now.start == self.start && now.lives())
    }

    pub(super) fn process(&self) -> Process {
        Process { pid: self.pid, name: self.name.clone() }
    }

    /// The command of ours that it comes from, as far as its environment can be read.
    pub(super) fn marker(&self) -> Option<String> {
        let environ = fs::read(format!("/proc/{}/environ", self.pid)).ok()?;
        let mut variables = environ.split(|byte| *byte == 0);
        let value = variables.find_map(|variable| variable.strip_prefix(MARKER.as_bytes())?.strip_prefix(b"="))?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

/// Everybody.
pub(super) fn all() -> Vec<Alive> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.filter_map(|entry| Alive::read(entry.ok()?.file_name().to_str()?.parse().ok()?)).collect()
}

/// The living descendants of a process, its children first.
///
/// The list of children that the kernel keeps is asked, as a walk through all of `/proc` after each command would cost
/// more than the command; where the kernel keeps none, the walk is taken.
pub(super) fn descendants(root: u32) -> Vec<Alive> {
    if !Path::new("/proc/thread-self/children").exists() {
        return among(all(), root);
    }
    let mut found: Vec<Alive> = Vec::new();
    let mut asked = 0;
    let mut next = Some(root);
    while let Some(pid) = next {
        found.extend(children(pid).into_iter().filter_map(Alive::read).filter(Alive::lives));
        next = found.get(asked).map(|process| process.pid);
        asked += 1;
    }
    found
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

/// The living descendants of `root` in a list of processes.
pub(super) fn among(processes: Vec<Alive>, root: u32) -> Vec<Alive> {
    let mut family = HashSet::from([root]);
    loop {
        let before = family.len();
        family.extend(
            processes.iter().filter(|process| family.contains(&process.parent)).map(|process| process.pid).collect::<Vec<_>>(),
        );
        if family.len() == before {
            break;
        }
    }
    processes.into_iter().filter(|process| process.pid != root && family.contains(&process.pid) && process.lives()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_the_rest_of_the_line() {
        let line = "42 (a) S 1 (b) S 7 41 40 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
        let process = Alive::parse(line).expect("a stat line");
        assert_eq!((process.pid, process.name.as_str(), process.parent, process.group), (42, "a) S 1 (b", 7, 41));
        assert_eq!(process.start, 12345);
    }

    #[test]
    fn we_find_ourselves_and_our_children_both_ways() {
        let mut child = std::process::Command::new("/bin/sleep").arg("60").spawn().expect("sleep");
        let me = std::process::id();
        let wanted = child.id();
        assert!(descendants(me).iter().any(|process| process.pid == wanted), "by the kernel's list");
        let walked = among(all(), me);
        let found = walked.iter().find(|process| process.pid == wanted).expect("by the walk");
        assert!(found.still_lives());
        child.kill().expect("ours");
        child.wait().expect("ours");
        assert!(!found.still_lives());
    }
}
