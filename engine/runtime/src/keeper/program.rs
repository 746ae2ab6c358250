//! Finds the program that a command names, so that the journal holds its absolute path.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// Why there is no program to run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoProgram {
    /// No directory of `PATH` has it.
    #[error("there is no program `{name}` in PATH ({path}){}", similar(near))]
    NotInPath {
        /// The name.
        name: String,
        /// The directories that were searched.
        path: String,
        /// Names that are there and look like it, best first, at most three.
        near: Vec<String>,
    },
    /// The path leads nowhere.
    #[error("there is no file `{}`", path.display())]
    NoFile {
        /// The path.
        path: PathBuf,
    },
    /// The path leads to something else than a file.
    #[error("`{}` is a directory and not a program", path.display())]
    Directory {
        /// The path.
        path: PathBuf,
    },
    /// The file is there but may not be executed.
    #[error("`{}` may not be executed by this user: see `ls -l`; `chmod +x` makes a script of yours executable", path.display())]
    NotExecutable {
        /// The path.
        path: PathBuf,
    },
}

/// Finds `name` as `execvp` would: a name with a slash is a path relative to `cwd`, any other is looked up in `path`, the
/// value of `PATH` that the command itself will see.
///
/// # Errors
/// [`NoProgram`] says what is wrong, with names that are there and look alike.
pub fn resolve_program(name: &str, path: &str, cwd: &Path) -> Result<PathBuf, NoProgram> {
    if name.contains('/') {
        let program = cwd.join(name);
        return match fault(&program) {
            None => Ok(program),
            Some(fault) => Err(fault),
        };
    }
    // An empty entry means the working directory, as in every shell.
    let directories = || path.split(':').map(|entry| cwd.join(entry));
    let mut first_fault = None;
    for directory in directories().filter(|_| !name.is_empty()) {
        let program = directory.join(name);
        match fault(&program) {
            None => return Ok(program),
            Some(NoProgram::NotExecutable { path }) => {
                first_fault.get_or_insert(NoProgram::NotExecutable { path });
            }
            Some(_) => {}
        }
    }
    Err(first_fault.unwrap_or_else(|| NoProgram::NotInPath {
        name: name.to_owned(),
        path: path.to_owned(),
        near: near(name, directories()),
    }))
}

fn fault(program: &Path) -> Option<NoProgram> {
    let path = program.to_owned();
    match fs::metadata(program) {
        Err(_) => Some(NoProgram::NoFile { path }),
        Ok(metadata) if metadata.is_dir() => Some(NoProgram::Directory { path }),
        Ok(_) => access(program, Access::EXEC_OK).err().map(|_| NoProgram::NotExecutable { path }),
    }
}

fn near(name: &str, directories: impl Iterator<Item = PathBuf>) -> Vec<String> {
    let reach = if name.chars().count() < 4 { 1 } else { 2 };
    let files = directories.filter_map(|directory| fs::read_dir(directory).ok()).flatten().flatten();
    let mut near: Vec<_> = files
        .filter_map(|file| {
            let found = file.file_name();
            let found = plain(&found)?;
            let distance = strsim::damerau_levenshtein(name, found);
            (distance <= reach && access(file.path(), Access::EXEC_OK).is_ok()).then(|| (distance, found.to_owned()))
        })
        .collect();
    near.sort();
    near.dedup();
    near.truncate(3);
    near.into_iter().map(|(_, found)| found).collect()
}

/// A file name that can be shown in a message as it is.
fn plain(name: &OsStr) -> Option<&str> {
    std::str::from_utf8(name.as_bytes()).ok().filter(|name| !name.contains(char::is_control))
}

fn similar(near: &[String]) -> String {
    match near {
        [] => String::new(),
        names => format!("; did you mean {}?", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn place(files: &[(&str, u32)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a place");
        for (name, mode) in files {
            let file = dir.path().join(name);
            fs::create_dir_all(file.parent().expect("below the place")).expect("ours");
            fs::write(&file, "#!/bin/sh\n").expect("ours");
            fs::set_permissions(&file, fs::Permissions::from_mode(*mode)).expect("ours");
        }
        dir
    }

    #[test]
    fn takes_the_first_that_may_be_executed() {
        let dir = place(&[("a/deploy", 0o644), ("b/deploy", 0o755)]);
        let path = format!("{0}/a:{0}/b", dir.path().display());
        assert_eq!(resolve_program("deploy", &path, Path::new("/")), Ok(dir.path().join("b/deploy")));
        assert_eq!(resolve_program("b/deploy", "", dir.path()), Ok(dir.path().join("b/deploy")));
        assert_eq!(resolve_program("deploy", "b", dir.path()), Ok(dir.path().join("b/deploy")), "a relative entry");
    }

    #[test]
    fn says_what_is_wrong_and_what_is_near() {
        let dir = place(&[("bin/pg_restore", 0o755), ("bin/notes", 0o644)]);
        let path = dir.path().join("bin").display().to_string();
        let fault = resolve_program("pg_restroe", &path, Path::new("/")).expect_err("a slip").to_string();
        assert!(fault.contains("no program `pg_restroe`") && fault.ends_with("did you mean `pg_restore`?"), "{fault}");
        assert!(matches!(resolve_program("notes", &path, Path::new("/")), Err(NoProgram::NotExecutable { .. })));
        assert!(matches!(resolve_program("./bin", "", dir.path()), Err(NoProgram::Directory { .. })));
        assert!(matches!(resolve_program("./gone", "", dir.path()), Err(NoProgram::NoFile { .. })));
        assert!(matches!(resolve_program("", &path, Path::new("/")), Err(NoProgram::NotInPath { .. })));
    }
}
