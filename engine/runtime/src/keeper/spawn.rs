//! Starts one command.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{MemfdFlags, Mode, SealFlags, fchmod, fcntl_add_seals, memfd_create};

use super::job::{Job, MARKER};
use super::pty;

/// Starts the command of a job as the leader of its own process group; at a terminal, `near`, as the leader of its session.
///
/// Only what the standard library does with `posix_spawn` is used (absolute program, no `pre_exec`): `fork` would get
/// slower with our own memory. All our own descriptors are close-on-exec.
///
/// # Errors
/// Why it was not started, for people. Nothing has happened then.
pub(super) fn spawn(job: &Job, marker: &str, near: Option<OwnedFd>) -> Result<std::process::Child, String> {
    let Some((program, arguments)) = job.argv.split_first().filter(|(program, _)| program.starts_with('/')) else {
        return Err("the program is not given as an absolute path".to_owned());
    };
    // Ours until the child has its own.
    let files = memory_files(job)?;
    let named = files.iter().map(|(name, file)| (name, format!("/dev/fd/{}", file.as_raw_fd())));
    let explained = |error: io::Error| explain(&error, Path::new(program), &job.cwd);
    let mut command = match near {
        None => {
            let mut command = Command::new(program);
            command
                .process_group(0)
                .stdin(if job.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            command
        }
        Some(near) => {
            let mut command = Command::new("/proc/self/exe");
            let copy = || near.try_clone().map(Stdio::from).map_err(explained);
            command.args(pty::role()).arg(program).stdin(copy()?).stdout(copy()?).stderr(copy()?);
            command
        }
    };
    command
        .args(arguments)
        .env_clear()
        .envs(&job.env)
        .envs(named)
        .env(MARKER, marker)
        .current_dir(&job.cwd)
        .spawn()
        .map_err(explained)
}

/// The files that variables name: in memory, sealed against any change, and open in the child, which is the only one that is
/// started meanwhile: the keeper has one thread.
fn memory_files(job: &Job) -> Result<Vec<(&str, File)>, String> {
    let make = |content: &str| -> io::Result<File> {
        // Not close-on-exec: it is for the child.
        let mut file = File::from(memfd_create("runbook-secret", MemfdFlags::ALLOW_SEALING)?);
        fchmod(&file, Mode::RUSR | Mode::WUSR)?;
        file.write_all(content.as_bytes())?;
        file.rewind()?;
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL)?;
        Ok(file)
    };
    let made = job.env_files.iter().map(|(name, content)| Ok((name.as_str(), make(content)?)));
    made.collect::<io::Result<_>>().map_err(|error| format!("the system gives no file in memory: {error}"))
}

/// `execve` says "no such file" about three different files, and gives the rest as bare numbers.
fn explain(error: &io::Error, program: &Path, cwd: &Path) -> String {
    let (program_shown, cwd_shown) = (program.display(), cwd.display());
    match error.kind() {
        _ if !cwd.is_dir() => format!("its working directory `{cwd_shown}` is not there"),
        io::ErrorKind::NotFound if program.exists() => {
            format!("`{program_shown}` is there, but the interpreter that its first line names (`#!…`) is not")
        }
        io::ErrorKind::NotFound => format!("there is no file `{program_shown}`"),
        io::ErrorKind::PermissionDenied => format!("`{program_shown}` may not be executed by this user"),
        io::ErrorKind::ArgumentListTooLong => {
            "its arguments and environment are longer than the system takes: give large values as a file or as standard input"
                .to_owned()
        }
        io::ErrorKind::InvalidInput => "an argument or a variable contains a NUL byte".to_owned(),
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            format!("`{program_shown}` is neither a program of this machine nor a script that begins with `#!`")
        }
        _ => error.to_string(),
    }
}
