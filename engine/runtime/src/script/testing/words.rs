//! The words of the test language.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rhai::{Dynamic, Engine, FnPtr, ImmutableString, Map, NativeCallContext};

use super::file::{Background, Stagehand, Tested};
use super::{assertions, ran, reading};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint, place};
use crate::script::diagnosis::diagnostic::Diagnostics;
use crate::script::diagnosis::span;
use crate::script::performing::blame::blame;
use crate::script::performing::script::Script;

/// The functions of a test file, how they are called and what they do; for the check, the documentation and editors.
pub(in crate::script) const WORDS: [(&str, &[usize]); 6] =
    [("assert", &[1, 2]), ("assert_eq", &[2]), ("assert_has", &[2]), ("given", &[1, 2]), ("run", &[0, 1]), ("test", &[2])];

/// What the words of one performance share.
pub(super) struct Rehearsal {
    pub(super) script: Arc<Script>,
    /// Performs the runbook; without it only what is given outside of tests is read.
    pub(super) stagehand: Option<Arc<Stagehand>>,
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) background: Background,
    pub(super) tested: Vec<Tested>,
    /// What holds in the test that goes on.
    test: Option<Background>,
    runs: u32,
    /// What that test printed.
    printed: Vec<String>,
}

impl Rehearsal {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn register(engine: &mut Engine, rehearsal: &Arc<Rehearsal>) {
    ran::register(engine);
    assertions::register(engine);
    let at = Arc::clone(rehearsal);
    engine.on_print(move |text| at.state().printed.push(text.to_owned()));
    let at = Arc::clone(rehearsal);
    engine.register_fn("given", move |ctx: NativeCallContext, all: Dynamic| given_all(&ctx, &at, all));
    let at = Arc::clone(rehearsal);
    engine.register_fn("given", move |ctx: NativeCallContext, what: ImmutableString, answer: Dynamic| {
        given(&ctx, &at, &what, answer)
    });
    let at = Arc::clone(rehearsal);
    engine.register_fn("run", move |ctx: NativeCallContext| run(&ctx, &at, &Map::new()));
    let at = Arc::clone(rehearsal);
    engine.register_fn("run", move |ctx: NativeCallContext, params: Map| run(&ctx, &at, &params));
    let at = Arc::clone(rehearsal);
    engine.register_fn("test", move |ctx: NativeCallContext, name: ImmutableString, body: FnPtr| test(&ctx, &at, &name, &body));
}

fn given(ctx: &NativeCallContext, rehearsal: &Rehearsal, what: &str, answer: Dynamic) -> Called<()> {
    let given = reading::given(ctx, what, answer)?;
    let mut state = rehearsal.state();
    let State { background, test, .. } = &mut *state;
    test.as_mut().unwrap_or(background).give(given);
    Ok(())
}

fn given_all(ctx: &NativeCallContext, rehearsal: &Rehearsal, all: Dynamic) -> Called<()> {
    let mut state = rehearsal.state();
    let State { background, test, .. } = &mut *state;
    reading::surroundings(ctx, test.as_mut().unwrap_or(background), all)
}

fn run(ctx: &NativeCallContext, rehearsal: &Rehearsal, params: &Map) -> Called<Dynamic> {
    let params = reading::params(ctx, params)?;
    let (background, Some(stagehand)) = (rehearsal.state().test.clone(), &rehearsal.stagehand) else { return Ok(Dynamic::UNIT) };
    let Some(background) = background else {
        return Complaint::new(ctx, Code::Expected, "`run` stands outside of a test")
            .help("write `test(\"what holds\", || { let ran = run(); … });`")
            .raise();
    };
    rehearsal.state().runs += 1;
    match stagehand(&background, &params) {
        Ok(ran) => Ok(Dynamic::from(ran)),
        Err(why) => {
            let (message, help) = why.split_once('\n').unwrap_or((why.as_str(), ""));
            let complaint = Complaint::new(ctx, Code::Expected, message);
            if help.is_empty() { complaint.raise() } else { complaint.help(help).raise() }
        }
    }
}

fn test(ctx: &NativeCallContext, rehearsal: &Rehearsal, name: &str, body: &FnPtr) -> Called<()> {
    if rehearsal.stagehand.is_none() {
        return Ok(());
    }
    {
        let mut state = rehearsal.state();
        if state.test.is_some() {
            return Complaint::new(ctx, Code::Expected, "a test stands in a test").help("write them one after the other").raise();
        }
        if state.tested.iter().any(|tested| tested.name == name) {
            return Complaint::new(ctx, Code::Expected, format!("a second test is called \"{name}\"")).raise();
        }
        state.test = Some(state.background.clone());
        state.runs = 0;
        state.printed.clear();
    }
    let (began, at) = (Instant::now(), span::at(&rehearsal.script.sources, &place(ctx)));
    let ended = body.call_within_context::<Dynamic>(ctx, ());
    let mut state = rehearsal.state();
    state.test = None;
    let wrong = match ended {
        // One that performs nothing cannot fail.
        Ok(_) if state.runs == 0 => {
            let never =
                Complaint::new(ctx, Code::Expected, "this test performs nothing").help("`let ran = run();` performs the runbook");
            never.raise::<()>().err()
        }
        Ok(_) => None,
        Err(error) => Some(error),
    };
    let script = &rehearsal.script;
    let wrong = wrong.map(|error| Diagnostics::new(vec![blame(error, script).diagnostic], Arc::clone(&script.sources)));
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let printed = std::mem::take(&mut state.printed);
    state.tested.push(Tested { name: name.to_owned(), at, millis, printed, wrong });
    Ok(())
}
