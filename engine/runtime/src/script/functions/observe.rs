//! Looks at the world: `http::get`, `exec::output`, `fs::read`, … Only a closure of a check may take them.

use std::ops::RangeInclusive;
use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, FuncRegistration, Module, NativeCallContext};
use runbook_model::change::{Invocation, quoted};
use runbook_model::observation::{Observation, Seen};

use super::change::{argv, is_address};
use super::conversation::misunderstood;
use super::hosts::On;
use crate::operation::{Operation, Reply};
use crate::script::answers::{Output, Reaction};
use crate::script::code::Code;
use crate::script::complaint::{Called, Complaint};
use crate::script::here;
use crate::script::json;
use crate::script::options::Options;
use crate::script::schema::table;
use crate::script::stage::Stage;
use crate::script::unknown::text;

/// Makes the observation that a call asks for, from its first argument and its options.
type Made = fn(&Asked<'_>) -> Called<Observation>;

/// The functions: module, name, how many arguments come before the options, whether it has options.
const LOOKS: [(&str, &str, usize, bool, Made); 13] = [
    ("clock", "now", 0, false, |_| Ok(Observation::Now)),
    ("dns", "resolve", 1, false, |asked| Ok(Observation::Resolve { name: asked.word()? })),
    ("env", "get", 1, false, |asked| Ok(Observation::Env { name: asked.word()? })),
    ("exec", "output", 1, true, output),
    ("fs", "exists", 1, false, |asked| Ok(Observation::Stat { path: asked.word()? })),
    ("fs", "list", 1, false, |asked| Ok(Observation::ListDir { path: asked.word()? })),
    ("fs", "read", 1, false, |asked| Ok(Observation::ReadFile { path: asked.word()? })),
    ("fs", "read_link", 1, false, |asked| Ok(Observation::ReadLink { path: asked.word()? })),
    ("fs", "stat", 1, false, |asked| Ok(Observation::Stat { path: asked.word()? })),
    ("http", "get", 1, true, |asked| request(asked, "GET")),
    ("http", "head", 1, true, |asked| request(asked, "HEAD")),
    ("process", "find", 1, false, |asked| Ok(Observation::Processes { name: asked.word()? })),
    ("tcp", "open", 1, true, |asked| Ok(Observation::Tcp { address: asked.word()?, timeout: asked.options.length("timeout")? })),
];

/// How many arguments the function of this whole name takes.
pub(super) fn arguments(function: &str) -> Option<RangeInclusive<usize>> {
    let (space, name) = function.split_once("::")?;
    let (_, _, arguments, has_options, _) = LOOKS.into_iter().find(|look| look.0 == space && look.1 == name)?;
    Some(arguments..=arguments + usize::from(has_options))
}

struct Asked<'a> {
    ctx: &'a NativeCallContext<'a>,
    function: String,
    subject: Dynamic,
    options: Options<'a>,
}

pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    for (space, _) in super::MODULES {
        let mut module = Module::new();
        for (_, name, arguments, has_options, made) in LOOKS.into_iter().filter(|look| look.0 == space) {
            let function = format!("{space}::{name}");
            if arguments == 0 {
                let (stage, function) = (Arc::clone(stage), function.clone());
                FuncRegistration::new(name).set_into_module(&mut module, move |ctx: NativeCallContext| {
                    look(&ctx, &stage, &function, made, Dynamic::UNIT, None)
                });
                continue;
            }
            let (plain, named) = (Arc::clone(stage), function.clone());
            FuncRegistration::new(name).set_into_module(&mut module, move |ctx: NativeCallContext, subject: Dynamic| {
                look(&ctx, &plain, &named, made, subject, None)
            });
            if has_options {
                let stage = Arc::clone(stage);
                FuncRegistration::new(name).set_into_module(
                    &mut module,
                    move |ctx: NativeCallContext, subject: Dynamic, given: Dynamic| {
                        look(&ctx, &stage, &function, made, subject, Some(given))
                    },
                );
            }
        }
        engine.register_static_module(space, module.into());
    }
}

fn look(
    ctx: &NativeCallContext,
    stage: &Stage,
    function: &str,
    made: Made,
    subject: Dynamic,
    given: Option<Dynamic>,
) -> Called<Dynamic> {
    let looking = here::with(|here| here.looking.clone());
    let Some(path) = looking else {
        return Complaint::new(ctx, Code::LookOutsideCheck, format!("`{function}` looks at the world outside a check"))
            .help(format!("put it into a check, so that what it sees is recorded: `let seen = check(\"…\", || {function}(…));`"))
            .raise();
    };
    if let Some(unknown) = [Some(&subject), given.as_ref()].into_iter().flatten().find_map(|value| stage.unknown_inside(value)) {
        return Err(stage.unknowable(&unknown, crate::script::complaint::place(ctx), function));
    }
    let options = match given {
        Some(given) => Options::read(ctx, stage, table(function), given)?,
        None => Options::none(ctx, stage, table(function))?,
    };
    let asked = Asked { ctx, function: function.to_owned(), subject, options };
    let observation = made(&asked)?;
    let what = match &observation {
        Observation::Output { invocation, .. } => format!("{function} {}", invocation.line()),
        Observation::Now => function.to_owned(),
        _ => format!("{function} {}", quoted(&text(&asked.subject).unwrap_or_default())),
    };
    match stage.perform(Operation::Observe { path, observation, what: what.clone() })? {
        Reply::Seen(Ok(seen)) => shown(ctx, function, &what, seen),
        Reply::Seen(Err(not_seen)) => Complaint::new(ctx, Code::ScriptError, format!("{function}: {not_seen}")).raise(),
        _ => Err(misunderstood(stage, &what)),
    }
}

fn shown(ctx: &NativeCallContext, function: &str, what: &str, seen: Seen) -> Called<Dynamic> {
    Ok(match seen {
        Seen::Response(response) => Dynamic::from(Reaction(response)),
        Seen::Exited(exited) => Dynamic::from(Output(exited)),
        Seen::Content(bytes) => match bytes.as_str() {
            Some(text) => text.to_owned().into(),
            None => return Complaint::new(ctx, Code::NotText, format!("{what}: the file is not UTF-8 text")).raise(),
        },
        Seen::Value(value) if function == "fs::exists" => (!value.is_null() && value != false).into(),
        Seen::Value(value) => json::played(&value),
    })
}

impl Asked<'_> {
    fn word(&self) -> Called<String> {
        match text(&self.subject) {
            Some(word) if !word.is_empty() && !word.contains('\0') => Ok(word),
            Some(_) => {
                Complaint::new(self.ctx, Code::BadOption, format!("`{}` wants a text that is not empty", self.function)).raise()
            }
            None => {
                let found = json::named(&self.subject);
                Complaint::new(self.ctx, Code::BadOption, format!("`{}` wants a text, this is {found}", self.function)).raise()
            }
        }
    }
}

fn request(asked: &Asked<'_>, method: &str) -> Called<Observation> {
    let url = asked.word()?;
    if !is_address(&url) {
        return Complaint::new(asked.ctx, Code::BadOption, format!("\"{url}\" is no http:// or https:// address")).raise();
    }
    Ok(Observation::Http {
        method: method.to_owned(),
        url,
        headers: asked.options.text_map("headers"),
        timeout: asked.options.length("timeout")?,
        ca: asked.options.text("ca"),
    })
}

fn output(asked: &Asked<'_>) -> Called<Observation> {
    let Some(words) = asked.subject.clone().try_cast::<Array>() else {
        let found = json::named(&asked.subject);
        return Complaint::new(asked.ctx, Code::BadOption, format!("`exec::output` wants an argv, this is {found}"))
            .help("write `exec::output([\"program\", \"argument\"])`, or `exec::output(sh(\"…\"))`")
            .raise();
    };
    let argv = argv(words, &|message| Complaint::new(asked.ctx, Code::BadOption, message))?;
    Ok(Observation::Output {
        invocation: Invocation {
            argv,
            on: On::of_look(&asked.options)?,
            env: asked.options.text_map("env"),
            cwd: asked.options.text("cwd"),
            stdin: asked.options.text("stdin"),
            ..Invocation::default()
        },
        timeout: asked.options.length("timeout")?,
    })
}
