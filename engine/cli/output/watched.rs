//! Writing of which is known afterwards whether it came through.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

/// Why something was not written; nothing as long as all was.
pub type Unwritten = Rc<RefCell<Option<io::Error>>>;

/// Keeps the first error of a writer for whoever owns the other end of [`Unwritten`]: a reporter goes on without its view.
#[derive(Debug)]
pub struct Watched<W> {
    out: W,
    unwritten: Unwritten,
}

impl<W> Watched<W> {
    /// The writer, and where its first error will be.
    #[must_use]
    pub fn new(out: W) -> (Self, Unwritten) {
        let unwritten = Unwritten::default();
        (Self { out, unwritten: Rc::clone(&unwritten) }, unwritten)
    }

    fn keep<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            self.unwritten.borrow_mut().get_or_insert(error);
            kind.into()
        })
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.keep(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.keep(flushed)
    }
}
