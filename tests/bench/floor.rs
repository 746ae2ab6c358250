//! The floors: the least that a program must do that starts a process a step and keeps a record of it.
//!
//! - `f0 COUNT DIR`: record, spawn with pipes, read them out, wait, record; never flushed
//! - `f1`: one `fdatasync` a step, for the end of one and the intent of the next
//! - `f2`: two, one before the process is started and one after it has ended
//! - `parallel COUNT MOST DIR`: records and processes of a tenth of a second from as many threads; never flushed
//! - `copy SIZE FILE`: a copy loop from the standard output of a process to a file
//! - `print SIZE`: the process that prints them

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

const BUFFER: usize = 256 * 1024;

/// One record; with its line break 254 bytes or so, as those of a step are.
#[derive(Serialize)]
struct Record<'a> {
    run: &'a str,
    seq: usize,
    kind: &'a str,
    path: &'a str,
    at: &'a str,
    argv: [&'a str; 1],
    digest: &'a str,
}

/// Plays the floor that the words name.
pub(crate) fn play(words: &[&str]) -> ExitCode {
    let number = |text: &str| text.parse().unwrap_or(0);
    let played = match words {
        ["f0", count, dir] => steps(number(count), Path::new(dir), 0),
        ["f1", count, dir] => steps(number(count), Path::new(dir), 1),
        ["f2", count, dir] => steps(number(count), Path::new(dir), 2),
        ["parallel", count, most, dir] => parallel(number(count), number(most), Path::new(dir)),
        ["copy", size, file] => copy(size, Path::new(file)),
        ["print", size] => print(number(size)),
        _ => Err(io::Error::other("no such floor")),
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::output::tell(&format!("floor: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn steps(count: usize, dir: &Path, flushes: u8) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let mut file = OpenOptions::new().append(true).create_new(true).open(dir.join("floor.jsonl"))?;
    for step in 0..count {
        record(&mut file, step * 2, "step_intended")?;
        if flushes > 0 {
            file.sync_data()?;
        }
        let mut child = Command::new("/bin/true")
            .process_group_of_its_own()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut text = Vec::new();
        if let Some(mut pipe) = child.stdout.take() {
            pipe.read_to_end(&mut text)?;
        }
        if let Some(mut pipe) = child.stderr.take() {
            pipe.read_to_end(&mut text)?;
        }
        child.wait()?;
        record(&mut file, step * 2 + 1, "step_ended")?;
        if flushes > 1 {
            file.sync_data()?;
        }
    }
    if flushes > 0 { file.sync_data() } else { Ok(()) }
}

fn parallel(count: usize, most: usize, dir: &Path) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let file = Mutex::new(OpenOptions::new().append(true).create_new(true).open(dir.join("floor.jsonl"))?);
    let next = AtomicUsize::new(0);
    let write = |seq, kind| record(&mut file.lock().unwrap_or_else(PoisonError::into_inner), seq, kind);
    let work = || -> io::Result<()> {
        loop {
            let step = next.fetch_add(1, Ordering::Relaxed);
            if step >= count {
                return Ok(());
            }
            write(step * 2, "step_intended")?;
            Command::new("/bin/sleep").arg("0.1").process_group_of_its_own().stdin(Stdio::null()).output()?;
            write(step * 2 + 1, "step_ended")?;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..most).map(|_| scope.spawn(work)).collect();
        let broken = || io::Error::other("a thread panicked");
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| broken())?)
    })
}

fn record(file: &mut File, seq: usize, kind: &str) -> io::Result<()> {
    let record = Record {
        run: "01M7XW1S5EPJGJG3XW6V4TWBQB",
        seq,
        kind,
        path: "step",
        at: "2026-11-21T01:38:05.181234567Z",
        argv: ["/bin/true"],
        digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    };
    let mut line = serde_json::to_vec(&record)?;
    line.push(b'\n');
    file.write_all(&line)
}

/// Copies what `floor print` prints into a file, as plainly as can be: one buffer, no look at what is in it.
fn copy(size: &str, file: &Path) -> io::Result<()> {
    let mut file = File::create(file)?;
    let mut child = Command::new(std::env::current_exe()?).args(["floor", "print", size]).stdout(Stdio::piped()).spawn()?;
    if let Some(mut pipe) = child.stdout.take() {
        // Refused to users who have many pipes; then it is only slower.
        rustix::pipe::fcntl_setpipe_size(&pipe, BUFFER).map(drop).unwrap_or(());
        let mut buffer = vec![0; BUFFER];
        loop {
            match pipe.read(&mut buffer)? {
                0 => break,
                count => file.write_all(&buffer[..count])?,
            }
        }
    }
    child.wait().map(drop)
}

fn print(size: usize) -> io::Result<()> {
    let line = b"a line of output as programs print them, of a length that is nothing special\n";
    let block: Vec<u8> = line.iter().copied().cycle().take(64 * 1024).collect();
    let mut out = io::stdout().lock();
    let mut left = size;
    while left > 0 {
        let now = left.min(block.len());
        out.write_all(&block[..now])?;
        left -= now;
    }
    Ok(())
}

/// What the standard library calls `process_group(0)`: the floor starts its processes as we must.
trait OwnGroup {
    fn process_group_of_its_own(&mut self) -> &mut Self;
}

impl OwnGroup for Command {
    fn process_group_of_its_own(&mut self) -> &mut Self {
        std::os::unix::process::CommandExt::process_group(self, 0)
    }
}
