//! Programs that are known to lie on disks of this machine: a look at them is over in microseconds.
//!
//! Whether a program is there is looked up before every command, on a thread of its own, because a network file system may
//! hang for minutes and Ctrl-C shall be heard meanwhile. A thread for it takes twenty times as long as the look, and much longer
//! when both processors are busy with starting a run. So as long as nothing is mounted that asks somebody else, programs are
//! looked up where we stand; otherwise the first look at one is taken on a thread, and finds out on what it lies.
//! Somebody who mounts a network file system over a place that was looked at before, or just behind the look at the list, makes the run
//! wait for it there, Ctrl-C with it.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use runbook_model::change::Invocation;

use super::Site;
use super::environment::search_path;
use super::mounts::Mounts;

/// The magic numbers of file systems whose data is on this machine or in its memory, from `linux/magic.h`; XFS and
/// bcachefs from their own headers.
const LOCAL: [u64; 8] = [
    0xEF53,      // ext2, ext3, ext4
    0x5846_5342, // XFS
    0x9123_683E, // btrfs
    0x0102_1994, // tmpfs
    0x794C_7630, // overlayfs
    0x2FC1_2FC1, // ZFS
    0xF2F5_2010, // F2FS
    0xCA45_1A4E, // bcachefs
];

/// What is known to be near. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Near(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    mounts: Mutex<Option<Mounts>>,
    asked: Mutex<HashSet<Asked>>,
}

/// What decides about the places that are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Asked {
    program: String,
    cwd: Option<String>,
    path: Option<String>,
}

impl Asked {
    fn of(invocation: &Invocation) -> Option<Self> {
        let program = invocation.argv.first()?.clone();
        Some(Self { program, cwd: invocation.cwd.clone(), path: invocation.env.get("PATH").cloned() })
    }
}

impl Near {
    /// Whether everything that is looked at to prepare this is near.
    pub(super) fn knows(&self, invocation: &Invocation) -> bool {
        self.is_everything() || self.has_learnt(invocation)
    }

    /// Whether nothing is mounted that is not near. The list is read anew when something was mounted or taken away.
    fn is_everything(&self) -> bool {
        let mut mounts = self.0.mounts.lock().unwrap_or_else(PoisonError::into_inner);
        if mounts.as_ref().is_none_or(Mounts::have_changed) {
            *mounts = Mounts::read();
        }
        mounts.as_ref().is_some_and(Mounts::are_near)
    }

    fn has_learnt(&self, invocation: &Invocation) -> bool {
        let asked = Asked::of(invocation);
        asked.is_some_and(|asked| self.0.asked.lock().unwrap_or_else(PoisonError::into_inner).contains(&asked))
    }

    /// Remembers what was asked for, if all that lies on the way to what was `found` is near. Blocks.
    pub(super) fn learn(&self, site: &Site, invocation: &Invocation, found: &Invocation) {
        let Some(asked) = Asked::of(invocation) else { return };
        let (Some(program), Some(cwd)) = (found.argv.first(), found.cwd.as_deref()) else { return };
        let path = search_path(&site.env, &invocation.env);
        let passed = path.split(':').filter(|entry| !entry.is_empty() && !asked.program.contains('/'));
        let places = passed.map(|entry| Path::new(cwd).join(entry)).filter(|place| place.exists());
        if is_near(Path::new(program)) && is_near(Path::new(cwd)) && places.into_iter().all(|place| is_near(&place)) {
            self.0.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(asked);
        }
    }
}

fn is_near(place: &Path) -> bool {
    rustix::fs::statfs(place).is_ok_and(|found| u64::try_from(found.f_type).is_ok_and(|kind| LOCAL.contains(&kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(words: &[&str]) -> Invocation {
        Invocation { argv: words.iter().map(|&word| word.to_owned()).collect(), ..Invocation::default() }
    }

    fn learnt(program: &str, found: &str) -> bool {
        let near = Near::default();
        let site = Site::new("01J0000000000000000000000A".parse().unwrap(), Path::new("/"));
        let asked = invocation(&[program]);
        assert!(!near.has_learnt(&asked), "nothing is known at first");
        near.learn(&site, &asked, &Invocation { cwd: Some("/".to_owned()), ..invocation(&[found]) });
        near.has_learnt(&asked)
    }

    #[test]
    fn a_program_on_a_disk_is_near_and_one_in_proc_is_not() {
        assert!(learnt("/bin/sh", "/bin/sh"));
        assert!(learnt("sh", "/usr/bin/sh"));
        // Not on any list, as a network file system would not be.
        assert!(!learnt("/proc/self/exe", "/proc/self/stat"));
        assert!(!learnt("/no/such/program", "/no/such/program"));
    }

    #[test]
    fn another_directory_or_path_is_another_question() {
        let near = Near::default();
        let site = Site::new("01J0000000000000000000000A".parse().unwrap(), Path::new("/"));
        let asked = invocation(&["sh"]);
        near.learn(&site, &asked, &Invocation { cwd: Some("/".to_owned()), ..invocation(&["/bin/sh"]) });
        assert!(near.has_learnt(&asked));
        assert!(!near.has_learnt(&Invocation { cwd: Some("/mnt".to_owned()), ..asked.clone() }));
        let elsewhere = [("PATH".to_owned(), "/mnt/bin".to_owned())].into();
        assert!(!near.has_learnt(&Invocation { env: elsewhere, ..asked }));
    }
}
