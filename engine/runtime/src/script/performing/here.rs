//! What belongs to one thread of a performance: to the script itself, or to one branch of a `parallel`.
//!
//! A thread performs one script at a time, so this needs no name of whose it is; whoever begins to perform calls [`begin`].

use std::cell::{Cell, RefCell};

use runbook_model::path::StepPath;
use runbook_model::step::Location;

/// Where a thread is in the runbook.
#[derive(Debug, Clone, Default)]
pub(in crate::script) struct Here {
    /// The phases, or the step that is rolled back, in which it is: the innermost last.
    pub(in crate::script) parents: Vec<StepPath>,
    /// The branch that it performs; the root outside of one.
    pub(in crate::script) branch: StepPath,
    /// The step whose closure is looking.
    pub(in crate::script) looking: Option<StepPath>,
    /// How many imports are being run.
    pub(in crate::script) importing: u32,
    /// Where `print` was called last.
    pub(in crate::script) printed_at: Location,
}

thread_local! {
    static HERE: RefCell<Here> = RefCell::default();
    // These two are asked at every operation of Rhai.
    static OPERATIONS: Cell<u64> = const { Cell::new(0) };
    static RESTING: Cell<bool> = const { Cell::new(false) };
}

/// The script begins on this thread, or a rollback block of it.
pub(in crate::script) fn begin() {
    HERE.set(Here::default());
    RESTING.set(false);
    refresh();
}

/// A branch begins on this thread.
pub(in crate::script) fn begin_branch(branch: &StepPath) {
    begin();
    with(|here| {
        here.branch = branch.clone();
        here.parents.push(branch.clone());
    });
}

/// Looks at where this thread is, or says so. `work` may not call anything that does the same.
pub(in crate::script) fn with<T>(work: impl FnOnce(&mut Here) -> T) -> T {
    HERE.with_borrow_mut(work)
}

/// What comes next has the full allowance of operations.
pub(in crate::script) fn refresh() {
    OPERATIONS.set(0);
}

/// Counts an operation of Rhai: how many there were before it.
pub(in crate::script) fn count_operation() -> u64 {
    OPERATIONS.replace(OPERATIONS.get() + 1)
}

/// This branch comes to rest: nothing of it goes on, and it cannot catch that.
pub(in crate::script) fn rest() {
    RESTING.set(true);
}

/// Whether this branch has come to rest.
pub(in crate::script) fn is_resting() -> bool {
    RESTING.get()
}

/// Whether this branch has come to rest; afterwards the thread may begin another.
pub(in crate::script) fn take_resting() -> bool {
    RESTING.replace(false)
}
