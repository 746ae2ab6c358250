//! What engine and keeper say to each other: JSON behind a length of four bytes, little-endian.
//!
//! A connection serves one command at a time; the engine opens as many as it has commands running.

use runbook_model::answer::{Exited, KillReceipt};
use runbook_model::excerpt::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::job::{Job, RunEnd, Window};

/// The version of everything in this file.
pub(super) const VERSION: u32 = 2;

/// The longest message: a command's standard input is the only thing that comes near it.
pub(super) const LONGEST: usize = 64 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    /// Begin this command and tell how it goes.
    Run { key: u64, job: Job },
    /// Tell how this command goes.
    Watch { key: u64 },
    /// Stop the command that this connection hears about.
    Stop { why: StopReason },
    /// The person at the terminal of that command pressed keys.
    Keys { bytes: Bytes },
    /// Their terminal has this size now.
    Resized { window: Window },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    /// The first message: the keeper is ready.
    Hello { version: u32, pid: u32 },
    /// The first and last message: the keeper cannot work.
    Refused {
        busy: bool,
        message: String,
        /// What the file system said, when it was the one that refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errno: Option<i32>,
    },
    /// The answer to `Watch`: it runs, and has printed so many bytes so far.
    Watching { stdout: u64, stderr: u64 },
    /// The answer to `Watch`: it does not run under this keeper.
    NotRunning,
    /// The answer to `Run`: this key was used before.
    BegunBefore,
    /// The answer to `Run`: that it begins could not be written down, so it does not.
    Unwritten { errno: i32 },
    /// The command printed something; `skipped` bytes before it were not sent because the engine was slower.
    Output { stderr: bool, skipped: u64, bytes: Bytes },
    /// The command has ended.
    Ended(End),
}

/// Why the engine stops a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StopReason {
    TimeOut,
    Operator,
}

/// How a command ended, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    Exited(Box<Ended>),
    NotStarted { message: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) exited: Exited,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stopped: Option<Stopped>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stopped {
    pub(super) why: StopReason,
    pub(super) receipt: KillReceipt,
}

impl From<End> for RunEnd {
    fn from(end: End) -> Self {
        let Ended { exited, stopped, .. } = match end {
            End::NotStarted { message } => return Self::NotStarted { message },
            End::Exited(ended) => *ended,
        };
        match stopped {
            None => Self::Exited(exited),
            Some(Stopped { why: StopReason::TimeOut, receipt }) => Self::TimedOut { receipt, exited },
            Some(Stopped { why: StopReason::Operator, receipt }) => Self::Stopped { receipt, exited },
        }
    }
}

/// A message that cannot be sent or understood.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireFault {
    #[error("a message of {size} bytes is longer than the keeper takes ({LONGEST} bytes): give large input as a file")]
    TooLong { size: usize },
    #[error("not a message of this version: {0}")]
    Shape(#[from] serde_json::Error),
}

/// The bytes of a message. A job may hold secrets: nothing of it is left in memory that is free again.
pub(super) fn frame<T: Serialize>(message: &T) -> Result<Zeroizing<Vec<u8>>, WireFault> {
    let mut counted = Counted(4);
    serde_json::to_writer(&mut counted, message)?;
    // As long as it will be: a vector that grows leaves its beginnings behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(counted.0));
    bytes.extend_from_slice(&[0; 4]);
    serde_json::to_writer(&mut *bytes, message)?;
    let size = bytes.len() - 4;
    let length = u32::try_from(size).ok().filter(|_| size <= LONGEST).ok_or(WireFault::TooLong { size })?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

/// Counts what is written.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Puts messages together from bytes that arrive in any pieces.
#[derive(Default)]
pub(super) struct Frames {
    bytes: Zeroizing<Vec<u8>>,
    taken: usize,
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message.
    ///
    /// # Errors
    /// The other side speaks another language; nothing that it says can be trusted any more.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, WireFault> {
        let rest = &self.bytes[self.taken..];
        let Some((length, rest)) = rest.split_first_chunk::<4>() else {
            self.make_room();
            return Ok(None);
        };
        let size = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if size > LONGEST {
            return Err(WireFault::TooLong { size });
        }
        let Some(body) = rest.get(..size) else {
            self.make_room();
            return Ok(None);
        };
        let message = serde_json::from_slice(body)?;
        self.taken += 4 + size;
        Ok(Some(message))
    }

    fn make_room(&mut self) {
        // One message of 60 MiB must not stay resident for the rest of the run, and what it held not in memory.
        if self.taken > 0 {
            self.bytes = Zeroizing::new(self.bytes[self.taken..].to_vec());
            self.taken = 0;
        }
    }
}

/// What stands in these bytes when they arrive in pieces of `cut` bytes: how many requests and how many events before the first
/// thing that is neither. Only for those who send bytes that no engine and no keeper would.
#[doc(hidden)]
#[must_use]
pub fn understood(bytes: &[u8], cut: usize) -> (usize, usize) {
    fn count<T: DeserializeOwned>(bytes: &[u8], cut: usize) -> usize {
        let (mut frames, mut heard) = (Frames::default(), 0);
        for piece in bytes.chunks(cut.max(1)) {
            frames.push(piece);
            loop {
                match frames.next::<T>() {
                    Ok(Some(_)) => heard += 1,
                    Ok(None) => break,
                    Err(_) => return heard,
                }
            }
        }
        heard
    }
    (count::<Request>(bytes, cut), count::<Event>(bytes, cut))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn messages_survive_any_cut(outputs in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6), cut in 1usize..50) {
            let mut stream = Vec::new();
            for output in &outputs {
                let event = Event::Output { stderr: output.len() % 2 == 0, skipped: 7, bytes: Bytes(output.clone()) };
                stream.extend_from_slice(&frame(&event).expect("short"));
            }
            let (mut frames, mut heard) = (Frames::default(), Vec::new());
            for piece in stream.chunks(cut) {
                frames.push(piece);
                while let Some(event) = frames.next().expect("own language") {
                    let Event::Output { bytes, .. } = event else { panic!("another message") };
                    heard.push(bytes.0);
                }
            }
            prop_assert_eq!(heard, outputs);
        }

        #[test]
        fn noise_is_refused_and_never_a_panic(noise in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut frames = Frames::default();
            frames.push(&noise);
            while let Ok(Some(request)) = frames.next::<Request>() {
                drop(request);
            }
        }
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_it_is_waited_for() {
        let mut frames = Frames::default();
        frames.push(&u32::MAX.to_le_bytes());
        assert!(matches!(frames.next::<Request>(), Err(WireFault::TooLong { .. })));
    }
}
