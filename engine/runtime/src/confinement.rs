//! Keeps a program that should only look from writing: the kernel refuses it (Landlock).
//!
//! The checks of a rehearsal run their programs behind this. A restriction holds for a thread and everything that it starts,
//! and cannot be taken back; so the engine starts a small program that restricts itself and becomes the one that was asked
//! for ([`enter`]), and keeps its own hands free for the journal.
//!
//! What the kernel refuses: to create, write, cut, rename, link and remove files, and to send signals to processes outside.
//! What it does not: to change the mode, owner or times of a file, and whatever happens at the other end of a connection.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, AccessFs, CompatLevel, Compatible as _, LandlockStatus, PathBeneath, PathFd, RestrictionStatus, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus, Scope,
};
use runbook_model::change::Invocation;

/// Devices that keep nothing.
const HARMLESS: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// What the programs of a rehearsal's checks are run through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confinement {
    /// The program that calls [`enter`], with the arguments that make it do so; the scratch directory, `--` and the command
    /// line follow.
    pub wrapper: Vec<String>,
    /// The one place where they may write; it is gone after the rehearsal.
    pub scratch: PathBuf,
}

/// The kernel does not keep a program from writing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this kernel cannot keep the programs of checks from writing: {0}")]
pub struct NotConfined(String);

impl Confinement {
    /// The same command, behind the restriction. What it wants to put aside for a moment goes into the scratch directory.
    #[must_use]
    pub fn around(&self, invocation: &Invocation) -> Invocation {
        let scratch = self.scratch.to_string_lossy().into_owned();
        let mut confined = invocation.clone();
        confined.argv = self.wrapper.clone();
        confined.argv.extend([scratch.clone(), "--".to_owned()]);
        confined.argv.extend(invocation.argv.iter().cloned());
        confined.env.entry("TMPDIR".to_owned()).or_insert(scratch);
        confined
    }
}

/// Whether [`enter`] would work here. Tries it, in a thread of its own.
///
/// # Errors
/// [`NotConfined`] says why not.
pub fn supported() -> Result<(), NotConfined> {
    let tried = std::thread::spawn(|| enter(None)).join();
    tried.unwrap_or_else(|_| Err(NotConfined("trying it failed".to_owned())))
}

/// Which version of Landlock the kernel has, as far as this engine knows them.
///
/// # Errors
/// [`NotConfined`] says why [`enter`] would not work.
pub fn version() -> Result<i32, NotConfined> {
    let tried = std::thread::spawn(|| restricted(None)).join();
    match tried.unwrap_or_else(|_| Err(NotConfined("trying it failed".to_owned())))?.landlock {
        LandlockStatus::Available { effective_abi, kernel_abi } => Ok(kernel_abi.unwrap_or(effective_abi as i32)),
        _ => Err(NotConfined("it has no Landlock".to_owned())),
    }
}

/// Restricts this thread, and every program that it becomes or starts, to reading; `scratch` may be written.
///
/// # Errors
/// [`NotConfined`]; nothing is restricted then.
pub fn enter(scratch: Option<&Path>) -> Result<(), NotConfined> {
    restricted(scratch).map(|_| ())
}

fn restricted(scratch: Option<&Path>) -> Result<RestrictionStatus, NotConfined> {
    let refused = |error: &dyn std::fmt::Display| NotConfined(error.to_string());
    // Of version 3 all is wanted: without it a program could still empty a file. What came later is taken where it is.
    let writing = AccessFs::from_write(ABI::V3);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(writing)
        .map_err(|error| refused(&error))?
        .set_compatibility(CompatLevel::BestEffort)
        .scope(Scope::Signal)
        .map_err(|error| refused(&error))?
        .create()
        .map_err(|error| refused(&error))?;
    for path in HARMLESS.iter().map(Path::new).chain(scratch) {
        // A device that is not there needs no rule.
        let Ok(opened) = PathFd::new(path) else { continue };
        let allowed = if path.is_dir() { writing } else { writing & AccessFs::from_file(ABI::V3) };
        rules = rules.add_rule(PathBeneath::new(opened, allowed)).map_err(|error| refused(&error))?;
    }
    let status = rules.restrict_self().map_err(|error| refused(&error))?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err(NotConfined("it has no Landlock".to_owned())),
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_stays_what_it_was_behind_the_restriction() {
        let confinement =
            Confinement { wrapper: vec!["/proc/self/exe".to_owned(), "confined".to_owned()], scratch: "/run/s".into() };
        let asked = Invocation { argv: vec!["/bin/ls".to_owned(), "-l".to_owned()], ..Invocation::default() };
        let confined = confinement.around(&asked);
        assert_eq!(confined.argv, ["/proc/self/exe", "confined", "/run/s", "--", "/bin/ls", "-l"]);
        assert_eq!(confined.env["TMPDIR"], "/run/s");
    }

    #[test]
    fn a_restricted_thread_reads_and_cannot_write() {
        if let Err(not) = supported() {
            // Nothing to test on such a kernel; the product says the same to whoever rehearses there.
            assert!(not.to_string().contains("cannot keep"));
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let scratch = dir.path().join("scratch");
        std::fs::create_dir(&scratch).unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "as it was").unwrap();
        let (of_thread, allowed) = (file.clone(), scratch);
        std::thread::spawn(move || {
            enter(Some(&allowed)).unwrap();
            assert_eq!(std::fs::read_to_string(&of_thread).unwrap(), "as it was");
            let denied = |result: std::io::Result<()>| result.unwrap_err().kind() == std::io::ErrorKind::PermissionDenied;
            assert!(denied(std::fs::write(&of_thread, "changed")));
            assert!(denied(std::fs::remove_file(&of_thread)));
            assert!(denied(std::fs::create_dir(of_thread.with_file_name("new"))));
            assert!(denied(std::fs::File::options().write(true).open(&of_thread).and_then(|file| file.set_len(0))));
            std::fs::write(allowed.join("aside"), "x").unwrap();
            std::fs::write("/dev/null", "x").unwrap();
        })
        .join()
        .unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "as it was");
        std::fs::write(&file, "this thread is free").unwrap();
    }
}
