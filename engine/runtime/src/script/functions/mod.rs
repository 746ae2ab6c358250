//! The functions that a script can call.

mod attempt;
mod change;
mod check;
mod command;
mod confirm;
mod conversation;
mod gate;
mod hosts;
mod observe;
mod parallel;
mod phase;
mod print;
mod rollback;
mod runbook;
mod shell;

use std::ops::RangeInclusive;
use std::sync::Arc;

pub(super) use gate::Gate;
use rhai::{Engine, Module, NativeCallContext};

use super::code::Code;
use super::complaint::{Called, Complaint};
use super::sandbox::BLOCKED;
use super::stage::Stage;
use super::{answers, branches_failed, step_error, unlike};

/// The functions of the engine that stand in no module; a script may not define its own of these names.
pub(super) const NAMES: [&str; 10] =
    ["attempt", "check", "command", "confirm", "hosts", "parallel", "phase", "rollback", "runbook", "sh"];

/// Those of [`NAMES`] that ask for a step, or for a phase of steps.
pub(super) const STEPS: [&str; 6] = ["check", "command", "confirm", "parallel", "phase", "rollback"];

/// How many arguments a function of the engine takes: one of [`NAMES`], or of [`MODULES`] with its module.
pub(super) fn arguments(name: &str) -> Option<RangeInclusive<usize>> {
    Some(match name {
        "attempt" | "hosts" | "runbook" => 1..=1,
        "check" | "phase" => 2..=3,
        "command" | "rollback" => 2..=2,
        "confirm" | "sh" => 1..=2,
        "parallel" => 3..=4,
        _ => return observe::arguments(name),
    })
}

/// The modules of the engine that need no `import`, with their functions: looks at the world.
pub(super) const MODULES: [(&str, &[&str]); 8] = [
    ("clock", &["now"]),
    ("dns", &["resolve"]),
    ("env", &["get"]),
    ("exec", &["output"]),
    ("fs", &["exists", "list", "read", "read_link", "stat"]),
    ("http", &["get", "head"]),
    ("process", &["find"]),
    ("tcp", &["open"]),
];

/// Gives an engine that performs all functions.
pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    answers::register(engine);
    step_error::register(engine);
    unlike::register(engine);
    runbook::register(engine, stage);
    check::register(engine, stage);
    command::register(engine, stage);
    confirm::register(engine, stage);
    rollback::register(engine, stage);
    phase::register(engine, stage);
    parallel::register(engine, stage);
    branches_failed::register(engine);
    attempt::register(engine, stage);
    hosts::register(engine, stage);
    print::register(engine, stage);
    shell::register(engine);
    observe::register(engine, stage);
    blocked(engine);
}

/// Tells an engine that only parses which modules there are.
pub(super) fn declare_modules(engine: &mut Engine) {
    for (name, _) in MODULES {
        engine.register_static_module(name, Module::new().into());
    }
}

/// Overrides what Rhai itself offers and a replay cannot bear. The lint finds calls before they run; this is for those
/// that it cannot see, such as `Fn("sleep").call(1)`.
fn blocked(engine: &mut Engine) {
    for (name, way) in BLOCKED {
        let refuse = move |ctx: &NativeCallContext| -> Called<()> {
            Complaint::new(ctx, Code::Blocked, format!("`{}` cannot be used in a runbook", ctx.fn_name())).help(way).raise()
        };
        engine.register_fn(name, move |ctx: NativeCallContext| refuse(&ctx));
        engine.register_fn(name, move |ctx: NativeCallContext, _: i64| refuse(&ctx));
        engine.register_fn(name, move |ctx: NativeCallContext, _: f64| refuse(&ctx));
        engine.register_fn(name, move |ctx: NativeCallContext, _: rhai::Dynamic| refuse(&ctx));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_how_many_arguments_each_function_takes() {
        for name in NAMES {
            assert!(arguments(name).is_some(), "{name}");
        }
        for (space, names) in MODULES {
            for name in names {
                assert!(arguments(&format!("{space}::{name}")).is_some(), "{space}::{name}");
            }
        }
        assert!(STEPS.iter().all(|step| NAMES.contains(step)));
    }
}
