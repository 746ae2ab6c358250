//! One process, measured: how long, how much processor time, how much memory.
//!
//! A small process of ours stands between (`costs measure REPORT PROGRAM …`): it adopts whatever its child leaves behind,
//! such as a keeper, so that the processor time of all of them is counted.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// What one process took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// From its start to its end, by the clock on the wall.
    pub(crate) wall: Duration,
    /// User and system time, of it and all its descendants.
    pub(crate) cpu: Duration,
    /// The most memory that any one process of them had, in KiB.
    pub(crate) peak_kib: u64,
}

/// Runs a program and measures it. It gets no input, and its output goes nowhere.
///
/// # Errors
/// Words for people, when it cannot be run or does not end with `code`.
pub(crate) fn run(mut command: Command, code: i32) -> Result<Taken, String> {
    let report = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let myself = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut between = Command::new(myself);
    between.arg("measure").arg(report.path()).arg(command.get_program()).args(command.get_args());
    if let Some(dir) = command.get_current_dir() {
        between.current_dir(dir);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => between.env(name, value),
            None => between.env_remove(name),
        };
    }
    command.stdin(Stdio::null());
    let output = between.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.code() != Some(code) {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?} ended with {:?}, not {code}: {said}", output.status));
    }
    let text = std::fs::read_to_string(report.path()).map_err(|error| error.to_string())?;
    let numbers: Vec<u64> = text.split(' ').filter_map(|word| word.trim().parse().ok()).collect();
    let [wall, cpu, peak_kib] = numbers[..] else { return Err(format!("no report: {text}")) };
    Ok(Taken { wall: Duration::from_nanos(wall), cpu: Duration::from_micros(cpu), peak_kib })
}

/// The process between: runs the program, waits for it and all that it leaves behind, and reports.
pub(crate) fn play(report: &str, program: &str, arguments: &[&str]) -> ExitCode {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap_or(());
    let began = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    let wall = began.elapsed();
    // What is left behind ends by itself: a keeper with its engine.
    while rustix::process::wait(rustix::process::WaitOptions::empty()).is_ok() {}
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return ExitCode::FAILURE };
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let text = format!("{} {cpu} {}", wall.as_nanos(), usage.max_rss());
    if std::fs::write(Path::new(report), text).is_err() {
        return ExitCode::FAILURE;
    }
    match status {
        Ok(status) => ExitCode::from(status.code().or(status.signal()).and_then(|code| u8::try_from(code).ok()).unwrap_or(255)),
        Err(_) => ExitCode::from(127),
    }
}
