//! What the command prints goes on to our own outputs, where the keeper reads it.

use std::io::{self, Write as _};

/// How many bytes of each stream the host keeps for somebody who asks again: `ulimit -f 131072` in the far half.
const KEPT: u64 = 131_072 * 512;

/// What was handed on.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    /// How many bytes of standard output and of standard error.
    pub(super) sent: [u64; 2],
    in_line: bool,
}

impl Delivery {
    /// Hands on what the command printed. Nobody listens any more when the keeper is dead; the host keeps it.
    pub(super) fn pass(&mut self, stderr: bool, bytes: &[u8]) {
        self.sent[usize::from(stderr)] += bytes.len() as u64;
        if stderr {
            self.in_line = bytes.last().is_some_and(|last| *last != b'\n');
            io::stderr().write_all(bytes).unwrap_or(());
        } else {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes).and_then(|()| stdout.flush()).unwrap_or(());
        }
    }

    /// A remark of ours on standard error: whoever reads the output must know that it was interrupted.
    pub(super) fn remark(&mut self, text: &str) {
        let break_before = if self.in_line { "\n" } else { "" };
        self.in_line = false;
        io::stderr().write_all(format!("{break_before}[runbook: {text}]\n").as_bytes()).unwrap_or(());
    }

    /// Whether the host has everything that was printed since the connection broke.
    pub(super) fn is_whole(&self) -> bool {
        self.sent.iter().all(|sent| *sent < KEPT)
    }
}
