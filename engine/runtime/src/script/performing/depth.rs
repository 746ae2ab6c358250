//! The stack that scripts need, on a thread of its own.

use std::any::Any;
use std::cell::Cell;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::Diagnostic;

/// The stack of a thread that parses or runs scripts, in bytes. Only what is used becomes real memory; a chain of
/// closures deeper than a small stack would end the process when it is dropped.
pub(in crate::script) const STACK: usize = 256 * 1024 * 1024;

thread_local! {
    /// Whether this thread has the stack that scripts need.
    static DEEP: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` with the stack that scripts need: all that it reads and describes is done on one thread, and not on one
/// each. To start threads takes longer than to read a short runbook.
pub fn at_depth<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    at_depth_beside(work, || ()).0
}

/// The same, and does `beside` on this thread meanwhile.
pub fn at_depth_beside<T: Send, U>(work: impl FnOnce() -> T + Send, beside: impl FnOnce() -> U) -> (T, U) {
    let work = Mutex::new(Some(work));
    let take = || work.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut beside = Some(beside);
    let mut done_beside = None;
    let done = on_thread(|| take().map(|work| work()), || done_beside = beside.take().map(|beside| beside()));
    let work = match done {
        Ok(Some(value)) => value,
        Ok(None) => unreachable!("nobody else takes the work"),
        Err(Fault::Panicked(panic)) => std::panic::resume_unwind(panic),
        // Each part of the work will try again for itself, and has somebody to complain to.
        Err(Fault::NoThread(_)) => match take() {
            Some(work) => work(),
            None => unreachable!("a thread that never was took nothing"),
        },
    };
    let Some(beside) = done_beside.or_else(|| beside.map(|beside| beside())) else { unreachable!("it is done once") };
    (work, beside)
}

/// Runs `work` with the stack that scripts need, and waits for it.
///
/// # Errors
/// When the thread cannot be started, or the work panicked.
pub(in crate::script) fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Box<Diagnostic>> {
    let at_fault = |message: String| Box::new(Diagnostic::error(Code::Internal, message));
    on_thread(work, || ()).map_err(|fault| match fault {
        Fault::Panicked(_) => at_fault("the script room panicked".to_owned()),
        Fault::NoThread(error) => at_fault(format!("the thread of the script could not be started: {error}")),
    })
}

enum Fault {
    Panicked(Box<dyn Any + Send>),
    NoThread(std::io::Error),
}

/// `beside` is done while the thread is at work, and not at all where there is none.
fn on_thread<T: Send>(work: impl FnOnce() -> T + Send, beside: impl FnOnce()) -> Result<T, Fault> {
    if DEEP.get() {
        return catch_unwind(AssertUnwindSafe(work)).map_err(Fault::Panicked);
    }
    std::thread::scope(|scope| {
        let deep = || {
            DEEP.set(true);
            let _held = room();
            work()
        };
        let thread = std::thread::Builder::new().name("script".to_owned()).stack_size(STACK).spawn_scoped(scope, deep);
        let thread = thread.map_err(Fault::NoThread)?;
        beside();
        thread.join().map_err(Fault::Panicked)
    })
}

/// Takes some of the memory that a thread of scripts will need, and gives all but the last of it back to the allocator, which keeps
/// it: glibc asks the kernel for every 4 KiB that a thread needs, some two hundred times before a short runbook is read.
/// Of each piece one page is touched, and the rest is not real before it is used.
fn room() -> Option<Vec<u8>> {
    // Larger pieces are mappings of their own.
    let mut pieces: Vec<Vec<u8>> = (0..9).map(|_| black_box(Vec::with_capacity(127 * 1024))).collect();
    pieces.pop()
}
