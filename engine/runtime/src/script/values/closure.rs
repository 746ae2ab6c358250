//! Closures of a script that the engine keeps and calls later.

#![allow(deprecated, reason = "Rhai marks the stored context so because it may change; the version is pinned")]

use rhai::{Dynamic, Engine, FnPtr, NativeCallContext, NativeCallContextStore};

use crate::script::diagnosis::complaint::Called;
use crate::script::values::frozen::read_only;

/// A closure with everything that it needs to be called after its statement has ended.
#[derive(Debug, Clone)]
pub(in crate::script) struct Closure {
    function: FnPtr,
    /// The functions, imports and source of the place where it was written: without them a closure written in the
    /// entry and called from a module would run the module's functions.
    context: NativeCallContextStore,
}

impl Closure {
    /// Keeps a closure. Variables that it captured are copied: Rhai captures by reference, loop variables included, so
    /// that three rollbacks registered in `for percent in [10, 50, 100]` would all see 100.
    pub(in crate::script) fn kept(ctx: &NativeCallContext, mut function: FnPtr) -> Self {
        for captured in function.iter_curry_mut() {
            if captured.is_shared() {
                *captured = captured.flatten_clone();
            }
        }
        Self { function, context: ctx.store_data() }
    }

    /// The same for one branch of a `parallel`: what it captured is a copy that cannot be written.
    pub(in crate::script) fn for_branch(&self) -> Self {
        let mut branch = self.clone();
        branch.function.iter_curry_mut().for_each(|captured| *captured = read_only(captured));
        branch
    }

    /// Calls it with one argument.
    pub(in crate::script) fn call_with(&self, engine: &Engine, argument: Dynamic) -> Called<Dynamic> {
        self.function.call_within_context(&self.context.create_context(engine), (argument,))
    }

    /// Calls it.
    pub(in crate::script) fn call(&self, engine: &Engine) -> Called<Dynamic> {
        self.function.call_within_context(&self.context.create_context(engine), ())
    }
}
