//! The directory that holds everything about every run.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use runbook_model::id::RunId;
use rustix::fs::{Access, FileType};
use rustix::io::Errno;

use super::{RunDir, StorageFailure, Unfit, directory};

/// File systems where a lock or a flush may mean nothing, by the magic number that `statfs` gives.
const NETWORK: [(u32, &str); 7] = [
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFE53_4D42, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0x5346_414F, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0102_1997, "9P"),
];

/// A directory that was found fit to hold the state: ours alone, on a local disk, writable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir {
    path: PathBuf,
}

impl StateDir {
    /// Opens the state directory, and makes it with mode 0700 when it is not there.
    ///
    /// The path itself may be a symbolic link (an operator's way to another disk); what it points to is what is judged.
    ///
    /// # Errors
    /// [`Unfit`] says why the directory cannot hold the state. Nothing was run.
    pub fn open(path: &Path) -> Result<Self, Unfit> {
        let path = std::path::absolute(path).map_err(StorageFailure::io("find", path))?;
        make_all(&path, &path)?;
        let path = path.canonicalize().map_err(StorageFailure::io("find", &path))?;
        judge(&path)?;
        let state = Self { path };
        if !state.runs_dir().is_dir() {
            state.hide_from_git();
        }
        directory::make(&state.runs_dir())?;
        Ok(state)
    }

    /// Whether [`Self::open`] would find it fit, as far as that can be told without making or writing anything. What is missing
    /// would be made: then the nearest directory above is judged, which may be anybody's.
    ///
    /// # Errors
    /// [`Unfit`] says why not.
    pub fn examine(path: &Path) -> Result<(), Unfit> {
        let path = std::path::absolute(path).map_err(StorageFailure::io("find", path))?;
        let in_the_way = |there: &Path| Unfit::NotADirectory { path: path.clone(), component: there.to_owned() };
        for there in path.ancestors() {
            match rustix::fs::stat(there) {
                Ok(found) if FileType::from_raw_mode(found.st_mode) != FileType::Directory => return Err(in_the_way(there)),
                Ok(_) if there == path => return judge(&path),
                Ok(_) => {
                    let system = rustix::fs::statfs(there).map_err(StorageFailure::at("look at the file system of", there))?;
                    if let Some(kind) = network(system.f_type as u32) {
                        return Err(Unfit::Network { path: path.clone(), kind });
                    }
                    return accessible(&path, there);
                }
                Err(Errno::NOENT) if rustix::fs::lstat(there).is_err() => {}
                Err(Errno::NOENT | Errno::NOTDIR) => return Err(in_the_way(there)),
                Err(Errno::ACCESS) => return Err(not_writable(&path, there)),
                Err(error) => return Err(StorageFailure::at("look at", there)(error).into()),
            }
        }
        Ok(())
    }

    /// Opens the state directory only to look at it: nothing is made and nothing is written, so it may belong to somebody
    /// else or lie on a file system that is mounted read-only. Who can write to it is not judged either: what it says is for
    /// reading, and `runbook verify` is who proves it. `None` when there is none.
    ///
    /// # Errors
    /// [`Unfit`] when it is no directory, or cannot be found.
    pub fn look(path: &Path) -> Result<Option<Self>, Unfit> {
        let absolute = std::path::absolute(path).map_err(StorageFailure::io("find", path))?;
        match absolute.canonicalize() {
            Ok(real) if real.is_dir() => Ok(Some(Self { path: real })),
            Ok(_) => Err(Unfit::NotADirectory { path: absolute.clone(), component: absolute }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StorageFailure::io("find", &absolute)(error).into()),
        }
    }

    /// Where it is; absolute, without symbolic links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory of the bare repository that holds the audit trail.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.path.join("audit.git")
    }

    /// The directory of a run, whether it is there or not.
    #[must_use]
    pub fn run(&self, run: RunId) -> RunDir {
        RunDir::new(self.runs_dir().join(run.to_string()), run)
    }

    /// Every run, the newest first. A run whose process died while it was being created is among them.
    ///
    /// # Errors
    /// [`StorageFailure`] when the directory cannot be read.
    pub fn runs(&self) -> Result<Vec<RunId>, StorageFailure> {
        let path = self.runs_dir();
        let mut runs = Vec::new();
        let entries = match std::fs::read_dir(&path) {
            // Nothing was ever run, and whoever only looks makes no directories.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(runs),
            entries => entries.map_err(StorageFailure::io("list", &path))?,
        };
        for entry in entries {
            let name = entry.map_err(StorageFailure::io("list", &path))?.file_name();
            // Other spellings of an id (lower case) are no directory of ours: one run has one place.
            let id = name.to_str().and_then(|name| name.parse().ok().filter(|id: &RunId| id.to_string() == name));
            runs.extend(id);
        }
        runs.sort_unstable_by(|a, b| b.cmp(a));
        Ok(runs)
    }

    /// The state often lies in a repository of runbooks. It is no part of it, and `git add .` must not make it one.
    /// A comfort: where it cannot be had, nothing is lost.
    fn hide_from_git(&self) {
        let made = std::fs::File::create_new(self.path.join(".gitignore"));
        if let Err(error) = made.and_then(|mut file| file.write_all(b"*\n")) {
            tracing::debug!(%error, "the state directory is not hidden from git");
        }
    }

    pub(super) fn runs_dir(&self) -> PathBuf {
        self.path.join("runs")
    }
}

/// Makes `path` and what is missing above it, each flushed into its parent.
fn make_all(path: &Path, state: &Path) -> Result<(), Unfit> {
    let in_the_way = |component: &Path| Unfit::NotADirectory { path: state.to_owned(), component: component.to_owned() };
    match rustix::fs::stat(path) {
        Ok(there) if FileType::from_raw_mode(there.st_mode) == FileType::Directory => return Ok(()),
        Ok(_) => return Err(in_the_way(path)),
        Err(Errno::NOENT | Errno::NOTDIR) => {}
        Err(Errno::ACCESS) => return Err(not_writable(state, path)),
        Err(error) => return Err(StorageFailure::at("look at", path)(error).into()),
    }
    let Some(parent) = path.parent() else { return Err(in_the_way(path)) };
    make_all(parent, state)?;
    match directory::make_new(path) {
        Ok(()) => Ok(directory::flush(parent)?),
        // Another process was faster, or the name is a symbolic link to nowhere.
        Err(StorageFailure { source: Errno::EXIST, .. }) if path.is_dir() => Ok(()),
        Err(StorageFailure { source: Errno::EXIST, .. }) => Err(in_the_way(path)),
        Err(StorageFailure { source: Errno::ROFS, .. }) => Err(Unfit::ReadOnly { path: state.to_owned() }),
        Err(StorageFailure { source: Errno::ACCESS | Errno::PERM, .. }) => Err(not_writable(state, parent)),
        Err(other) => Err(other.into()),
    }
}

fn not_writable(state: &Path, component: &Path) -> Unfit {
    Unfit::NotWritable { path: state.to_owned(), component: component.to_owned() }
}

fn judge(path: &Path) -> Result<(), Unfit> {
    let there = rustix::fs::stat(path).map_err(StorageFailure::at("look at", path))?;
    let us = rustix::process::geteuid().as_raw();
    if there.st_uid != us {
        return Err(Unfit::Owner { path: path.to_owned(), owner: there.st_uid, us });
    }
    let mode = there.st_mode & 0o7777;
    if mode & 0o022 != 0 {
        return Err(Unfit::OpenToOthers { path: path.to_owned(), mode });
    }
    let system = rustix::fs::statfs(path).map_err(StorageFailure::at("look at the file system of", path))?;
    if let Some(kind) = network(system.f_type as u32) {
        return Err(Unfit::Network { path: path.to_owned(), kind });
    }
    accessible(path, path)?;
    let runs = path.join("runs");
    match rustix::fs::stat(&runs) {
        Ok(found) if FileType::from_raw_mode(found.st_mode) != FileType::Directory => {
            Err(Unfit::NotADirectory { path: path.to_owned(), component: runs })
        }
        Ok(_) => accessible(path, &runs),
        // It is made with the first run.
        Err(_) => Ok(()),
    }
}

fn accessible(state: &Path, path: &Path) -> Result<(), Unfit> {
    match rustix::fs::access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Ok(()),
        Err(Errno::ROFS) => Err(Unfit::ReadOnly { path: state.to_owned() }),
        Err(Errno::ACCESS) => Err(not_writable(state, path)),
        Err(error) => Err(StorageFailure::at("look at", path)(error).into()),
    }
}

fn network(magic: u32) -> Option<&'static str> {
    NETWORK.iter().find(|(number, _)| *number == magic).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::journal::sample::run_id;

    #[test]
    fn is_made_for_this_user_alone_with_what_is_missing_above_it() {
        let home = tempfile::tempdir().unwrap();
        let state = StateDir::open(&home.path().join("a/b/state")).unwrap();
        for path in [home.path().join("a"), state.path().to_owned(), state.runs_dir()] {
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{}", path.display());
        }
        assert_eq!(StateDir::open(state.path()), Ok(state));
    }

    #[test]
    fn what_hides_it_from_git_is_written_through_no_link() {
        let home = tempfile::tempdir().unwrap();
        let (state, other) = (home.path().join("state"), home.path().join("other"));
        std::fs::write(&other, "precious").unwrap();
        std::fs::create_dir(&state).unwrap();
        symlink(&other, state.join(".gitignore")).unwrap();
        StateDir::open(&state).unwrap();
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "precious");
    }

    #[test]
    fn to_examine_makes_nothing_and_judges_as_opening_does() {
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join("a/state");
        assert_eq!(StateDir::examine(&state), Ok(()));
        assert!(!home.path().join("a").exists());
        let opened = StateDir::open(&state).unwrap();
        assert_eq!(StateDir::examine(&state), Ok(()));
        std::fs::set_permissions(opened.path(), Permissions::from_mode(0o777)).unwrap();
        assert_eq!(StateDir::examine(&state).unwrap_err(), StateDir::open(&state).unwrap_err());
        std::fs::write(home.path().join("file"), "").unwrap();
        symlink("nowhere", home.path().join("link")).unwrap();
        for below in ["file/state", "file", "link", "link/state"] {
            let path = home.path().join(below);
            assert!(matches!(StateDir::examine(&path), Err(Unfit::NotADirectory { .. })), "{below}");
            assert!(StateDir::open(&path).is_err(), "{below}");
        }
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        for path in [file.clone(), file.join("state"), file.join("deep/state")] {
            let refused = StateDir::open(&path).unwrap_err();
            assert_eq!(refused, Unfit::NotADirectory { path: path.clone(), component: file.clone() });
        }
        let nowhere = home.path().join("nowhere");
        symlink("/nonexistent/place", &nowhere).unwrap();
        assert!(matches!(StateDir::open(&nowhere), Err(Unfit::NotADirectory { .. })));
    }

    #[test]
    fn a_directory_that_others_can_write_is_refused() {
        let home = tempfile::tempdir().unwrap();
        for mode in [0o770, 0o702, 0o1777] {
            std::fs::set_permissions(home.path(), Permissions::from_mode(mode)).unwrap();
            let refused = StateDir::open(home.path()).unwrap_err();
            assert!(matches!(refused, Unfit::OpenToOthers { mode: found, .. } if found == mode), "{refused}");
        }
        std::fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
        StateDir::open(home.path()).unwrap();
    }

    #[test]
    fn a_link_is_followed_and_its_target_is_judged() {
        let home = tempfile::tempdir().unwrap();
        let (real, link) = (home.path().join("real"), home.path().join("link"));
        StateDir::open(&real).unwrap();
        symlink(&real, &link).unwrap();
        assert_eq!(StateDir::open(&link).unwrap().path(), real.canonicalize().unwrap());
        std::fs::set_permissions(&real, Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(StateDir::open(&link), Err(Unfit::OpenToOthers { .. })));
    }

    #[test]
    fn to_look_makes_nothing_and_minds_nobody() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(StateDir::look(&home.path().join("none")), Ok(None));
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
        std::fs::set_permissions(home.path(), Permissions::from_mode(0o777)).unwrap();
        let state = StateDir::look(home.path()).unwrap().unwrap();
        assert_eq!(state.runs(), Ok(Vec::new()));
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(matches!(StateDir::look(&file), Err(Unfit::NotADirectory { .. })));
    }

    #[test]
    fn network_file_systems_are_known_by_their_number() {
        assert_eq!(network(rustix::fs::NFS_SUPER_MAGIC as u32), Some("NFS"));
        assert_eq!(network(0xEF53), None, "ext4");
        assert_eq!(network(0x0102_1994), None, "tmpfs");
    }

    #[test]
    fn lists_runs_newest_first_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let state = StateDir::open(home.path()).unwrap();
        let runs = [run_id(1), run_id(2), run_id(300)];
        for run in runs {
            std::fs::create_dir(state.run(run).dir()).unwrap();
        }
        for other in ["tmp".to_owned(), run_id(4).to_string().to_lowercase()] {
            std::fs::create_dir(state.runs_dir().join(other)).unwrap();
        }
        assert_eq!(state.runs().unwrap(), [runs[2], runs[1], runs[0]]);
    }
}
