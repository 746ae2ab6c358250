//! The functions that a script can call.

mod attempt;
mod change;
mod check;
mod command;
mod confirm;
mod conversation;
pub(super) mod declaration;
mod gate;
mod hosts;
mod observe;
pub(super) mod options;
mod parallel;
mod parts;
mod phase;
mod print;
mod rollback;
mod runbook;
pub(super) mod secret;
mod shell;
mod unknowns;

use std::sync::{Arc, LazyLock};

use rhai::{Engine, Module, NativeCallContext, Shared};

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::language::shared_functions::SharedFunctions;
use crate::script::language::vocabulary::BLOCKED;
use crate::script::performing::stage::Stage;
use crate::script::values::{answers, branches_failed, step_error, unlike};

/// What needs no stage. Where two functions take the same, the later one counts, and any of an engine before one of these.
static SHARED: LazyLock<Shared<Module>> = LazyLock::new(|| {
    SharedFunctions::of(|shared| {
        unknowns::teach(shared);
        answers::teach(shared);
        step_error::teach(shared);
        unlike::teach(shared);
        branches_failed::teach(shared);
        blocked(shared);
    })
});

/// Makes what all engines that perform share.
pub(super) fn make_shared() {
    LazyLock::force(&SHARED);
}

/// Gives an engine that performs all functions.
pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    engine.register_global_module(Shared::clone(&SHARED));
    unknowns::register(engine, stage);
    runbook::register(engine, stage);
    check::register(engine, stage);
    command::register(engine, stage);
    confirm::register(engine, stage);
    rollback::register(engine, stage);
    phase::register(engine, stage);
    parallel::register(engine, stage);
    attempt::register(engine, stage);
    hosts::register(engine, stage);
    print::register(engine, stage);
    shell::register(engine);
    secret::register(engine, stage);
    observe::register(engine, stage);
}

/// Overrides what Rhai itself offers and a replay cannot bear. The lint finds calls before they run; this is for those
/// that it cannot see, such as `Fn("sleep").call(1)`.
fn blocked(shared: &mut SharedFunctions) {
    for (name, way) in BLOCKED {
        let refuse = move |ctx: &NativeCallContext| -> Called<()> {
            Complaint::new(ctx, Code::Blocked, format!("`{}` cannot be used in a runbook", ctx.fn_name())).help(way).raise()
        };
        shared.function(name, move |ctx: NativeCallContext| refuse(&ctx));
        shared.function(name, move |ctx: NativeCallContext, _: i64| refuse(&ctx));
        shared.function(name, move |ctx: NativeCallContext, _: f64| refuse(&ctx));
        shared.function(name, move |ctx: NativeCallContext, _: rhai::Dynamic| refuse(&ctx));
    }
}
