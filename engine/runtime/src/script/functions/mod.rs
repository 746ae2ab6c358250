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
use crate::script::language::common::Common;
use crate::script::language::vocabulary::BLOCKED;
use crate::script::performing::stage::Stage;
use crate::script::values::{answers, branches_failed, step_error, unlike};

/// What needs no stage. Where two functions take the same, the later one counts, and any of an engine before one of these.
static COMMON: LazyLock<Shared<Module>> = LazyLock::new(|| {
    Common::of(|common| {
        unknowns::teach(common);
        answers::teach(common);
        step_error::teach(common);
        unlike::teach(common);
        branches_failed::teach(common);
        blocked(common);
    })
});

/// Makes what all engines that perform share.
pub(super) fn make_common() {
    LazyLock::force(&COMMON);
}

/// Gives an engine that performs all functions.
pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    engine.register_global_module(Shared::clone(&COMMON));
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
fn blocked(common: &mut Common) {
    for (name, way) in BLOCKED {
        let refuse = move |ctx: &NativeCallContext| -> Called<()> {
            Complaint::new(ctx, Code::Blocked, format!("`{}` cannot be used in a runbook", ctx.fn_name())).help(way).raise()
        };
        common.function(name, move |ctx: NativeCallContext| refuse(&ctx));
        common.function(name, move |ctx: NativeCallContext, _: i64| refuse(&ctx));
        common.function(name, move |ctx: NativeCallContext, _: f64| refuse(&ctx));
        common.function(name, move |ctx: NativeCallContext, _: rhai::Dynamic| refuse(&ctx));
    }
}
