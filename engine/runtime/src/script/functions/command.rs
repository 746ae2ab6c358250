//! `command(name, #{ … })`: changes the world.

use std::sync::Arc;

use rhai::{Dynamic, Engine, FnPtr, Map, NativeCallContext};
use runbook_model::change::Change;
use runbook_model::step::{Command, Retry, RollbackPlan, StepKind, StepSpec};

use super::change::{Surroundings, change, plan};
use super::conversation::Asked;
use super::gate;
use super::hosts::On;
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::functions::options::Options;
use crate::script::language::schema::table;
use crate::script::performing::stage::Stage;
use crate::script::values::closure::Closure;
use crate::script::values::unknown::text;

/// The most attempts that a command may have after its first.
const MOST_RETRIES: u32 = 1000;

pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    let bare = Arc::clone(stage);
    engine
        .register_fn("command", move |ctx: NativeCallContext, name: Dynamic, given: Dynamic| command(&ctx, &bare, &name, given));
    engine.register_fn("command", move |ctx: NativeCallContext, _: Dynamic| -> Called<Dynamic> {
        Complaint::new(&ctx, Code::BadOption, "a command wants to know what to do")
            .help("write `command(\"…\", #{ run: [\"program\", \"argument\"] })`")
            .raise()
    });
}

fn command(ctx: &NativeCallContext, stage: &Stage, name: &Dynamic, given: Dynamic) -> Called<Dynamic> {
    let options = Options::read(ctx, stage, table("command"), given)?;
    let surroundings = Surroundings::of(&options);
    match On::of(&options)? {
        On::Here => make(ctx, stage, name, &options, &surroundings),
        On::Host(host) => make(ctx, stage, name, &options, &surroundings.on(Some(host))),
        On::Each(hosts) => on_each(ctx, stage, name, &options, &surroundings, hosts),
    }
}

/// One step a host, one after the other: each has its own intent, its own end and its own way back.
fn on_each(
    ctx: &NativeCallContext,
    stage: &Stage,
    name: &Dynamic,
    options: &Options<'_>,
    surroundings: &Surroundings,
    hosts: Vec<String>,
) -> Called<Dynamic> {
    // A closure cannot know for which of the hosts it is called.
    let closure = ["settled_by", "rollback"].into_iter().find(|option| options.closure(option).is_some());
    if let Some(option) = closure {
        let message = format!("`{option}` with a closure cannot be asked about several hosts at once");
        let help =
            "write a loop, with one command a host: `for host in hosts(\"…\") { command(`… on ${host}`, #{ on: host, … }) }`";
        return options.complain(option, Code::BadOption, message).help(help).raise();
    }
    let mut results = Map::new();
    for host in hosts {
        let surroundings = surroundings.clone().on(Some(host.clone()));
        // What is no text is complained about as the name of any step.
        let named = text(name).map_or_else(|| name.clone(), |name| format!("{name} on {host}").into());
        let result = make(ctx, stage, &named, options, &surroundings)?;
        results.insert(host.into(), result);
    }
    Ok(results.into())
}

fn make(
    ctx: &NativeCallContext,
    stage: &Stage,
    name: &Dynamic,
    options: &Options<'_>,
    surroundings: &Surroundings,
) -> Called<Dynamic> {
    let change = change(options, surroundings)?;
    let (rollback, block) = rollback(options, &change, surroundings)?;
    let settle = options.closure("settled_by");
    let command = Command {
        change,
        rollback,
        rollback_if_failed: options.flag("rollback_if_failed"),
        settled_by: settle.is_some(),
        idempotent: options.flag("idempotent"),
        timeout: options.length("timeout")?,
        retry: retry(options)?,
        assume: options.value("assume")?,
    };
    gate::pass(ctx, stage)?;
    let (path, name) = stage.enter(ctx, name)?;
    if let Some(block) = block {
        stage.keep(ctx, &path, block);
    }
    let spec = StepSpec { name, kind: StepKind::Command(Box::new(command)) };
    let settle = settle.map(|closure| Closure::kept(ctx, closure));
    Asked { ctx, stage, path, spec, look: None, settle, against: None }.converse()
}

/// The way back: as declared, or for a file what was there before.
fn rollback(options: &Options<'_>, change: &Change, surroundings: &Surroundings) -> Called<(RollbackPlan, Option<FnPtr>)> {
    match options.raw("rollback") {
        Some(given) => plan(options, "rollback", given, surroundings),
        None if matches!(change, Change::Write(_)) => Ok((RollbackPlan::Restore, None)),
        None => Ok((RollbackPlan::Undeclared, None)),
    }
}

fn retry(options: &Options<'_>) -> Called<Option<Retry>> {
    let Some(given) = options.raw("retry") else { return Ok(None) };
    if given.is::<Map>() {
        let inner = options.inner(table("command.retry"), given, "retry")?;
        let every = inner.length("every")?;
        return Ok(inner.count("times", MOST_RETRIES)?.map(|times| Retry { times, every }));
    }
    Ok(options.count("retry", MOST_RETRIES)?.map(|times| Retry { times, every: None }))
}
