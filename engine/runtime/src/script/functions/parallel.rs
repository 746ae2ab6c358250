//! `parallel(name, items, #{ … }, |item| { … })`: the same steps for many items, several at a time.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, Map, NativeCallContext, Position};
use runbook_model::entry::ParallelEntered;
use runbook_model::path::StepPath;

use super::conversation::misunderstood;
use super::gate;
use crate::operation::{Operation, Reply};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint, place};
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::functions::options::Options;
use crate::script::language::schema::table;
use crate::script::performing::here;
use crate::script::performing::stage::{Stage, Stop, terminated};
use crate::script::values::branches_failed::BranchesFailed;
use crate::script::values::closure::Closure;
use crate::script::values::json;

use branch::{Branches, Ended};

mod branch;
mod items;

/// How many branches run at a time when the author does not say.
const AT_ONCE: u32 = 10;
/// The most branches that may run at a time: each is a thread.
const MOST_AT_ONCE: u32 = 100;

pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    let plain = Arc::clone(stage);
    engine.register_fn("parallel", move |ctx: NativeCallContext, name: Dynamic, items: Dynamic, body: Dynamic| {
        parallel(&ctx, &plain, &name, items, None, body)
    });
    let stage = Arc::clone(stage);
    engine.register_fn(
        "parallel",
        move |ctx: NativeCallContext, name: Dynamic, items: Dynamic, given: Dynamic, body: Dynamic| {
            parallel(&ctx, &stage, &name, items, Some(given), body)
        },
    );
}

fn parallel(
    ctx: &NativeCallContext,
    stage: &Stage,
    name: &Dynamic,
    items: Dynamic,
    given: Option<Dynamic>,
    body: Dynamic,
) -> Called<Array> {
    let found = json::named(&body).to_owned();
    let Some(body) = body.try_cast::<FnPtr>() else {
        return Complaint::new(
            ctx,
            Code::BadOption,
            format!("a parallel wants a closure with the steps of one item, this is {found}"),
        )
        .help("write `parallel(\"…\", items, |item| { … });`")
        .raise();
    };
    let options = match given {
        Some(given) => Options::read(ctx, stage, table("parallel"), given)?,
        None => Options::none(ctx, stage, table("parallel"))?,
    };
    refuse_here(ctx)?;
    let items = items::keyed(ctx, stage, &options, items)?;
    let max = options.count("max", MOST_AT_ONCE)?.unwrap_or(AT_ONCE);
    let max_failures = options.share("max_failures", items.len())?;
    let (path, _) = stage.enter(ctx, name)?;
    if items.is_empty() {
        return Ok(Array::new());
    }
    // Asked by whichever branch comes to its first command, it would stand in no order to the steps of the others.
    gate::pass(ctx, stage)?;
    let keys = items.iter().map(|(key, _)| key.clone()).collect();
    let asked = ParallelEntered { path: path.clone(), items: keys, max, max_failures, location: place(ctx) };
    let Reply::Branches { at_once, begun } = stage.perform(Operation::EnterParallel(Box::new(asked)))? else {
        return Err(misunderstood(stage, &path.to_string()));
    };
    let branches = Branches::new(ctx.engine(), stage, &path, Closure::kept(ctx, body), &items, &begun);
    branches.perform(at_once)?;
    if stage.has_stopped() {
        return Err(terminated());
    }
    let ended = branches.ended()?;
    stage.perform(Operation::LeaveParallel { path: path.clone() })?;
    results(ctx, stage, path, max_failures, items, ended)
}

/// Where no `parallel` can stand: what happens there has one order.
fn refuse_here(ctx: &NativeCallContext) -> Called<()> {
    let (branch, rolls_back) = here::with(|here| (here.branch.clone(), here.parents.first().is_some_and(StepPath::is_rollback)));
    if rolls_back {
        return Complaint::new(ctx, Code::Branches, "a rollback has no `parallel` in it: it is done one step at a time")
            .help("write a `for` loop")
            .raise();
    }
    if !branch.is_root() {
        let message = format!("a `parallel` stands inside the branch `{branch}` of another");
        return Complaint::new(ctx, Code::Branches, message)
            .help("make one list of all items, or do these one after the other in a `for` loop")
            .raise();
    }
    Ok(())
}

/// What the script gets: a list in the order of the items, or an error that names those that failed.
fn results(
    ctx: &NativeCallContext,
    stage: &Stage,
    path: StepPath,
    max_failures: u32,
    items: Vec<(String, Dynamic)>,
    ended: Vec<Option<Ended>>,
) -> Called<Array> {
    let failures: Vec<_> = items
        .iter()
        .zip(&ended)
        .filter_map(|((key, _), ended)| match ended {
            Some(Ended::Failed { failure, .. }) => Some((key.clone(), failure.clone())),
            _ => None,
        })
        .collect();
    let not_reached = ended.iter().filter(|ended| ended.is_none()).count();
    if failures.len() > usize::try_from(max_failures).unwrap_or(usize::MAX) {
        let failed = BranchesFailed {
            path,
            items: items.len(),
            step: failures.iter().find_map(|(_, failure)| failure.step.clone()),
            failed: failures.into_iter().map(|(key, failure)| (key, failure.message)).collect(),
            not_reached,
            location: place(ctx),
        };
        return Err(Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(failed), Position::NONE)));
    }
    if not_reached > 0 {
        let message = format!("{not_reached} items of `{path}` were never begun, although too few failed for that");
        let help = "an edit has changed what became of items that are over; take it back, or start a new run";
        return Err(stage.halt(Stop::Refused(Box::new(Diagnostic::error(Code::Branches, message).help(help)))));
    }
    let result = |((key, item), ended)| {
        let (ok, value, error) = match ended {
            Some(Ended::Done(value)) => (true, value, Dynamic::UNIT),
            Some(Ended::Failed { error, .. }) => (false, Dynamic::UNIT, error),
            None => (false, Dynamic::UNIT, Dynamic::UNIT),
        };
        let fields = [
            ("ok".into(), ok.into()),
            ("value".into(), value),
            ("error".into(), error),
            ("item".into(), item),
            ("key".into(), Dynamic::from(key)),
        ];
        Dynamic::from(Map::from(fields))
    };
    Ok(items.into_iter().zip(ended).map(result).collect())
}
