//! The operator's terminal while a program has it.
//!
//! The program sits at a terminal of its own, under the keeper, so that it outlives us like any other; what is typed here is
//! passed on to it key by key, and what it shows is shown here. Our terminal takes nothing for a command meanwhile: Ctrl-C
//! is the program's. It is given back as it was, however the program has left it.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use runbook_runtime::world::Lent;
use runbook_runtime::world::live::processes::{Keys, Typed, Window};
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{MutexGuard, mpsc};
use tokio::task::AbortHandle;

use crate::people::passing::Passing;
use crate::people::tty;

/// Ctrl-], which no program waits for: so many of them in a row stop the program.
const ENOUGH: u8 = 0x1d;
const TIMES: u8 = 3;

const WELCOME: &str = "    the terminal is the program's until it ends; Ctrl-] three times stops it\r\n";

/// The terminal that has to be put right should this process end without a farewell.
static LENT: Mutex<Option<(File, Termios)>> = Mutex::new(None);

/// Takes the terminal back at once, if a program has it: the process is about to end.
pub(crate) fn take_back() {
    if let Some((terminal, modes)) = LENT.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // A terminal that is gone needs nothing put right.
        tcsetattr(&terminal, OptionalActions::Now, &modes).ok();
    }
}

pub(super) struct Lending<'a> {
    output: File,
    passing: RefCell<Passing>,
    keys: Option<Keys>,
    reading: AbortHandle,
    /// Nobody is asked anything meanwhile.
    _asking: MutexGuard<'a, ()>,
}

impl<'a> Lending<'a> {
    /// Takes the terminal at `path`, which must be ours to read from. Call it on a tokio `LocalSet`.
    pub(super) fn begin(path: &Path, asking: MutexGuard<'a, ()>) -> io::Result<Self> {
        let (mut output, input) = tty::ends(path)?;
        let resized = signal(SignalKind::window_change())?;
        let before = tcgetattr(&output)?;
        output.write_all(WELCOME.as_bytes())?;
        // Keys pressed before are for nobody, least of all for a question for a password.
        tcflush(&output, QueueSelector::IFlush)?;
        let mut raw = before.clone();
        raw.make_raw();
        *LENT.lock().unwrap_or_else(PoisonError::into_inner) = Some((output.try_clone()?, before));
        tcsetattr(&output, OptionalActions::Now, &raw)?;
        let (sender, keys) = mpsc::unbounded_channel();
        let reading = tokio::task::spawn_local(read(input, resized, output.try_clone()?, sender)).abort_handle();
        Ok(Self { output, passing: RefCell::default(), keys: Some(keys), reading, _asking: asking })
    }
}

impl Lent for Lending<'_> {
    fn window(&self) -> Window {
        window(&self.output)
    }

    fn keys(&mut self) -> Keys {
        self.keys.take().unwrap_or_else(|| mpsc::unbounded_channel().1)
    }

    fn show(&self, bytes: &[u8]) {
        let mut shown = Vec::with_capacity(bytes.len());
        self.passing.borrow_mut().pass(bytes, &mut shown);
        // Losing the view costs the view (invariant I9).
        (&self.output).write_all(&shown).ok();
    }
}

impl Drop for Lending<'_> {
    fn drop(&mut self) {
        self.reading.abort();
        let farewell = self.passing.borrow().farewell();
        self.output.write_all(&farewell).ok();
        // What was typed at the program that has just ended is no answer to what comes next.
        tcflush(&self.output, QueueSelector::IFlush).ok();
        take_back();
    }
}

/// Passes on what the person does, until the terminal is gone.
async fn read(input: pipe::Receiver, mut resized: tokio::signal::unix::Signal, terminal: File, to: mpsc::UnboundedSender<Typed>) {
    let (mut buffer, mut enough) = ([0; 1024], 0);
    loop {
        let typed = tokio::select! {
            ready = input.readable() => match ready.and_then(|()| input.try_read(&mut buffer)) {
                Ok(0) => return,
                Ok(count) => {
                    let keys = &buffer[..count];
                    for key in keys {
                        enough = if *key == ENOUGH { enough + 1 } else { 0 };
                    }
                    if enough >= TIMES {
                        enough = 0;
                        Typed::Enough
                    } else {
                        Typed::Keys(keys.to_vec())
                    }
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => continue,
                Err(_) => return,
            },
            came = resized.recv() => match came {
                Some(()) => Typed::Resized(window(&terminal)),
                None => return,
            },
        };
        if to.send(typed).is_err() {
            return;
        }
    }
}

fn window(terminal: &File) -> Window {
    match tcgetwinsize(terminal) {
        Ok(size) if size.ws_row > 0 && size.ws_col > 0 => Window { rows: size.ws_row, columns: size.ws_col },
        _ => Window::default(),
    }
}
