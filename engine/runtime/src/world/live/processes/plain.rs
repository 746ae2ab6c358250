//! Real processes without a keeper: enough to test what stands in front of the seam.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use runbook_model::answer::{ExitStatus, Exited, KillReceipt};
use runbook_model::excerpt::Excerpt;
use rustix::process::{Pid, Signal, kill_process_group};

use super::{Job, Key, Processes, RunEnd, RunFound};
use crate::world::live::blocking::off_thread;
use crate::world::{Limits, Task};

pub(crate) struct PlainProcesses;

impl Processes for PlainProcesses {
    fn run<'a>(&'a self, _key: Key, mut job: Job, mut limits: Limits, progress: &'a dyn Fn(bool, &[u8])) -> Task<'a, RunEnd> {
        Box::pin(async move {
            let started = Instant::now();
            let stdin = if job.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
            let child = Command::new(&job.argv[0])
                .args(&job.argv[1..])
                .env_clear()
                .envs(&job.env)
                .current_dir(&job.cwd)
                .stdin(stdin)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .process_group(0)
                .spawn();
            let mut child = match child {
                Ok(child) => child,
                Err(error) => return RunEnd::NotStarted { message: error.to_string() },
            };
            let group = Pid::from_child(&child);
            let mut output = std::pin::pin!(off_thread(move || {
                if let (Some(text), Some(mut pipe)) = (job.stdin.take(), child.stdin.take()) {
                    std::io::Write::write_all(&mut pipe, text.as_bytes()).unwrap();
                }
                child.wait_with_output().unwrap()
            }));
            let deadline = async {
                match limits.timeout {
                    Some(after) => tokio::time::sleep(after.into()).await,
                    None => std::future::pending().await,
                }
            };
            let stopped = async {
                if limits.stop.wait_for(|stop| *stop).await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            let exited = |output: Output| Exited {
                status: output
                    .status
                    .code()
                    .map_or_else(|| ExitStatus::Signal(output.status.signal().unwrap()), ExitStatus::Code),
                stdout: Excerpt::of(&output.stdout),
                stderr: Excerpt::of(&output.stderr),
                millis: u64::try_from(started.elapsed().as_millis()).unwrap(),
                left_running: Vec::new(),
                unkept: Vec::new(),
            };
            let receipt = KillReceipt { killed: true, ..KillReceipt::default() };
            tokio::select! {
                output = &mut output => {
                    progress(false, &output.stdout);
                    progress(true, &output.stderr);
                    RunEnd::Exited(exited(output))
                }
                () = deadline => {
                    kill_process_group(group, Signal::KILL).unwrap();
                    let after = limits.timeout.unwrap();
                    RunEnd::TimedOut { after, receipt, exited: exited(output.await) }
                }
                () = stopped => {
                    kill_process_group(group, Signal::KILL).unwrap();
                    RunEnd::Stopped { receipt, exited: exited(output.await) }
                }
            }
        })
    }

    fn recover<'a>(
        &'a self,
        _key: Key,
        _boot: &'a str,
        _limits: Limits,
        _progress: &'a dyn Fn(bool, &[u8]),
    ) -> Task<'a, RunFound> {
        Box::pin(async { RunFound::InDoubt { known: "nothing was kept".to_owned() } })
    }
}
