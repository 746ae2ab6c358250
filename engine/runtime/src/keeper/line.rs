//! The engine's end of a line to the keeper.

use std::io;
use std::path::Path;
use std::time::Duration;

use runbook_model::excerpt::Bytes;
use runbook_model::length::Length;
use rustix::io::Errno;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::door::KeeperFault;
use super::job::Typed;
use super::wire::{self, End, Event, Frames, Request, StopReason, VERSION, WireFault};

/// How long a living keeper may take to greet.
const PATIENCE: Duration = Duration::from_secs(10);

const READ: usize = 64 * 1024;

pub(super) struct Line {
    stream: UnixStream,
    frames: Frames,
    buffer: Vec<u8>,
}

/// The line is dead: the keeper has ended, or speaks another language.
#[derive(Debug, thiserror::Error)]
pub(super) enum Dead {
    #[error("the keeper hung up")]
    HungUp(#[from] io::Error),
    #[error(transparent)]
    Wire(#[from] WireFault),
}

/// What came of asking for a command.
pub(super) enum Attended {
    /// It has ended.
    Ended(End),
    /// The keeper refuses to begin it, because it did so before.
    BegunBefore,
    /// The keeper could not write down that it begins, and has not begun it.
    Unwritten(Errno),
}

/// What a new line begins with.
pub(super) enum Greeting {
    Ready(Line),
    /// Another keeper lives, perhaps at its end: look again.
    Busy,
    /// It hung up without a word: a keeper at its end, or no keeper at all.
    Gone,
}

impl Line {
    /// Waits for the greeting of the keeper.
    pub(super) async fn greeted(stream: UnixStream, dir: &Path) -> Result<Greeting, KeeperFault> {
        let mut line = Self { stream, frames: Frames::default(), buffer: Vec::with_capacity(READ) };
        let stranger = |message: String| KeeperFault::Stranger { path: dir.to_owned(), message };
        match timeout(PATIENCE, line.hear()).await {
            Err(_) => Err(KeeperFault::Silent { path: dir.to_owned() }),
            Ok(Ok(Event::Hello { version: VERSION, .. })) => Ok(Greeting::Ready(line)),
            Ok(Ok(Event::Hello { version, .. })) => Err(stranger(format!("it speaks version {version}, this engine {VERSION}"))),
            Ok(Ok(Event::Refused { busy: true, .. })) => Ok(Greeting::Busy),
            Ok(Err(Dead::HungUp(_))) => Ok(Greeting::Gone),
            Ok(Ok(Event::Refused { busy: false, message, errno })) => {
                let source = errno.map(Errno::from_raw_os_error);
                Err(KeeperFault::Refused { path: dir.to_owned(), message, source })
            }
            Ok(Ok(_)) => Err(stranger("it does not greet".to_owned())),
            Ok(Err(Dead::Wire(fault))) => Err(stranger(fault.to_string())),
        }
    }

    /// Sends a whole request.
    pub(super) async fn say(&mut self, frame: &[u8]) -> Result<(), Dead> {
        let mut sent = 0;
        while sent < frame.len() {
            match self.stream.try_write(&frame[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.writable().await?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The next message. Nothing is lost when the future is dropped.
    pub(super) async fn hear(&mut self) -> Result<Event, Dead> {
        loop {
            if let Some(event) = self.frames.next()? {
                return Ok(event);
            }
            self.stream.readable().await?;
            // Into memory that nobody has set to zero before: of most buffers little is used.
            self.buffer.clear();
            match self.stream.try_read_buf(&mut self.buffer) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(_) => self.frames.push(&self.buffer),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether the keeper still listens, as far as can be seen without asking.
    pub(super) fn is_open(&mut self) -> bool {
        self.buffer.clear();
        matches!(self.stream.try_read_buf(&mut self.buffer), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Follows a command to its end, if it is begun; stops it at its time limit, or when the operator wants it.
    pub(super) async fn attend(
        &mut self,
        limit: Option<Length>,
        mut stop: watch::Receiver<bool>,
        keyboard: &mut Keyboard,
        mut progress: impl FnMut(bool, &[u8]),
    ) -> Result<Attended, Dead> {
        let deadline = limit.map(|limit| Instant::now() + Duration::from(limit));
        let mut stopped = false;
        loop {
            let why = tokio::select! {
                event = self.hear() => match event? {
                    Event::Output { stderr, skipped, bytes } => {
                        if skipped > 0 {
                            progress(stderr, format!("\n[runbook: {skipped} bytes are not shown here]\n").as_bytes());
                        }
                        progress(stderr, &bytes.0);
                        continue;
                    }
                    Event::Ended(end) => return Ok(Attended::Ended(end)),
                    Event::BegunBefore => return Ok(Attended::BegunBefore),
                    Event::Unwritten { errno } => return Ok(Attended::Unwritten(Errno::from_raw_os_error(errno))),
                    _ => continue,
                },
                typed = keyboard.next() => match typed {
                    Typed::Keys(keys) => {
                        self.say(&wire::frame(&Request::Keys { bytes: Bytes(keys) })?).await?;
                        continue;
                    }
                    Typed::Resized(window) => {
                        self.say(&wire::frame(&Request::Resized { window })?).await?;
                        continue;
                    }
                    Typed::Enough if stopped => continue,
                    Typed::Enough => StopReason::Operator,
                },
                () = reached(deadline), if !stopped => StopReason::TimeOut,
                () = wanted(&mut stop), if !stopped => StopReason::Operator,
            };
            stopped = true;
            self.say(&wire::frame(&Request::Stop { why })?).await?;
        }
    }
}

/// What the person at the terminal of a command does; for most commands there is none.
#[derive(Debug, Default)]
pub(super) struct Keyboard(Option<mpsc::UnboundedReceiver<Typed>>);

impl From<Option<mpsc::UnboundedReceiver<Typed>>> for Keyboard {
    fn from(typed: Option<mpsc::UnboundedReceiver<Typed>>) -> Self {
        Self(typed)
    }
}

impl Keyboard {
    /// Ends when they do something; never when nobody is there, or not any more.
    async fn next(&mut self) -> Typed {
        let typed = match &mut self.0 {
            Some(typed) => typed.recv().await,
            None => None,
        };
        match typed {
            Some(typed) => typed,
            None => std::future::pending().await,
        }
    }
}

async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Ends when somebody wants a stop. When nobody is left who could, it never does.
async fn wanted(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
