//! Finding a program, before anything depends on it.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::io_words::plain;

/// Why a program cannot be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoProgram {
    /// It is nowhere in `PATH`.
    #[error("it is in none of the directories of PATH{}; PATH is {path}", near(.similar))]
    NotInPath {
        /// `PATH` as the command gets it.
        path: String,
        /// Programs of nearly that name.
        similar: Vec<String>,
    },
    /// It was named by its path, and nothing is there.
    #[error("there is no `{}`{}", .path.display(), near(.similar))]
    NotThere {
        /// That path.
        path: PathBuf,
        /// Programs of nearly that name in the same directory.
        similar: Vec<String>,
    },
    /// It is there, and cannot be executed.
    #[error("`{}` is not executable: make it so with `chmod +x`, or name its interpreter first", .0.display())]
    NotExecutable(PathBuf),
    /// It is there, and is a directory.
    #[error("`{}` is a directory", .0.display())]
    Directory(PathBuf),
    /// The file system does not let us look.
    #[error("`{}`: {reason}", .path.display())]
    Hidden {
        /// Where.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

fn near(similar: &[String]) -> String {
    let names: Vec<_> = similar.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { String::new() } else { format!("; similar: {}", names.join(", ")) }
}

/// The absolute path of a program: names with a slash start from `cwd`, others are looked for in `path`.
/// Links stay as they are, because some programs act by the name that they are called with.
///
/// # Errors
/// [`NoProgram`], with programs of a similar name when there are some.
pub fn resolve_program(name: &str, path: &str, cwd: &Path) -> Result<PathBuf, NoProgram> {
    if name.contains('/') {
        let place = cwd.join(name);
        return match judge(&place) {
            Some(verdict) => verdict.map(|()| place),
            None => {
                let directory = place.parent().unwrap_or(cwd);
                let wanted = place.file_name().unwrap_or_default().to_string_lossy();
                let similar = similar(&wanted, std::iter::once(directory));
                Err(NoProgram::NotThere { path: place.clone(), similar })
            }
        };
    }
    // An empty entry means the working directory to a shell; here it is skipped, being a classic way to run the wrong file.
    let directories = || path.split(':').filter(|entry| !entry.is_empty()).map(|entry| cwd.join(entry));
    let mut refused = None;
    for directory in directories() {
        let place = directory.join(name);
        match judge(&place) {
            Some(Ok(())) => return Ok(place),
            // A shell passes over these as well, and complains about them only when nothing else is found.
            Some(Err(NoProgram::NotExecutable(place))) => refused = refused.or(Some(NoProgram::NotExecutable(place))),
            Some(Err(_)) | None => {}
        }
    }
    Err(refused.unwrap_or_else(|| {
        let directories: Vec<_> = directories().collect();
        let similar = similar(name, directories.iter().map(PathBuf::as_path));
        let mut entries: Vec<_> = path.split(':').filter(|entry| !entry.is_empty()).collect();
        let mut seen = std::collections::BTreeSet::new();
        entries.retain(|entry| seen.insert(*entry));
        NoProgram::NotInPath { path: entries.join(":"), similar }
    }))
}

/// Whether what stands there can be executed; `None` when nothing stands there.
fn judge(place: &Path) -> Option<Result<(), NoProgram>> {
    match fs::metadata(place) {
        Ok(metadata) if metadata.is_dir() => Some(Err(NoProgram::Directory(place.to_owned()))),
        Ok(_) if access(place, Access::EXEC_OK).is_ok() => Some(Ok(())),
        Ok(_) => Some(Err(NoProgram::NotExecutable(place.to_owned()))),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => None,
        Err(error) => Some(Err(NoProgram::Hidden { path: place.to_owned(), reason: plain(&error) })),
    }
}

/// At most three names that a slip of the finger could have turned into `wanted`, nearest first.
fn similar<'a>(wanted: &str, directories: impl Iterator<Item = &'a Path>) -> Vec<String> {
    let slips = if wanted.len() <= 4 { 1 } else { 2 };
    let mut found: Vec<(usize, String)> = directories
        .filter_map(|directory| fs::read_dir(directory).ok())
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .map(|name| (strsim::osa_distance(wanted, &name), name))
        .filter(|(distance, _)| (1..=slips).contains(distance))
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn place(directory: &Path, name: &str, mode: u32) -> PathBuf {
        let path = directory.join(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn finds_the_first_executable_and_says_what_is_wrong_otherwise() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        fs::create_dir_all(one.join("deploy")).unwrap();
        fs::create_dir(&two).unwrap();
        place(&one, "migrate", 0o644);
        let migrate = place(&two, "migrate", 0o755);
        let deploy = place(&two, "deploy", 0o755);
        let plain = place(&two, "plain", 0o644);
        let path = format!("{}::{}", one.display(), two.display());
        let resolve = |name: &str| resolve_program(name, &path, dir.path());
        assert_eq!(resolve("migrate"), Ok(migrate));
        assert_eq!(resolve("two/deploy"), Ok(deploy), "a name with a slash starts from the working directory");
        assert_eq!(resolve("plain"), Err(NoProgram::NotExecutable(plain)));
        let message = resolve("migrte").unwrap_err().to_string();
        assert!(message.contains("PATH; similar: `migrate`; PATH is "), "{message}");
        let message = resolve("./two/deplyo").unwrap_err().to_string();
        assert!(message.starts_with("there is no `") && message.ends_with("similar: `deploy`"), "{message}");
        assert!(matches!(resolve("./one"), Err(NoProgram::Directory(_))));
        assert!(matches!(resolve("zzzzzzzzz"), Err(NoProgram::NotInPath { similar, .. }) if similar.is_empty()));
    }
}
