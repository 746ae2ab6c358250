//! Looks at the world: `http::get`, `exec::output`, `fs::read`, … Only a closure of a check may take them.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, FuncRegistration, Module, NativeCallContext};
use runbook_model::change::quoted;
use runbook_model::observation::{Observation, Seen};
use runbook_model::secret::Place;

use super::change::{Surroundings, argv, is_address};
use super::conversation::misunderstood;
use super::hosts::On;
use super::parts::{self, Marked};
use crate::operation::{Operation, Reply};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::functions::options::Options;
use crate::script::language::schema::table;
use crate::script::language::vocabulary::{LOOKS, MODULES};
use crate::script::performing::here;
use crate::script::performing::stage::Stage;
use crate::script::values::answers::{Output, Reaction};
use crate::script::values::json;
use crate::script::values::unknown::text;

/// Makes the observation that a call asks for, from its first argument and its options.
type Made = fn(&Asked<'_>) -> Called<Observation>;

/// What makes it, by the whole name of the function; `None` for one that [`LOOKS`] does not have.
fn made(function: &str) -> Option<Made> {
    Some(match function {
        "clock::now" => |_| Ok(Observation::Now),
        "dns::resolve" => |asked| Ok(Observation::Resolve { name: asked.word()? }),
        "env::get" => |asked| Ok(Observation::Env { name: asked.word()? }),
        "exec::output" => output,
        "fs::exists" | "fs::stat" => |asked| Ok(Observation::Stat { path: asked.word()? }),
        "fs::list" => |asked| Ok(Observation::ListDir { path: asked.word()? }),
        "fs::read" => |asked| Ok(Observation::ReadFile { path: asked.word()? }),
        "fs::read_link" => |asked| Ok(Observation::ReadLink { path: asked.word()? }),
        "http::get" => |asked| request(asked, "GET"),
        "http::head" => |asked| request(asked, "HEAD"),
        "process::find" => |asked| Ok(Observation::Processes { name: asked.word()? }),
        "tcp::open" => |asked| Ok(Observation::Tcp { address: asked.word()?, timeout: asked.options.length("timeout")? }),
        _ => return None,
    })
}

struct Asked<'a> {
    ctx: &'a NativeCallContext<'a>,
    function: String,
    subject: Dynamic,
    options: Options<'a>,
}

pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    for (space, _) in MODULES {
        let mut module = Module::new();
        for (_, name, arguments, has_options) in LOOKS.into_iter().filter(|look| look.0 == space) {
            let function = format!("{space}::{name}");
            let Some(made) = made(&function) else { continue };
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
        return Err(stage.unknowable(&unknown, crate::script::diagnosis::complaint::place(ctx), function));
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
    let Marked { texts: headers, secrets } = parts::map(&asked.options, "headers", Place::Header);
    let (timeout, ca) = (asked.options.length("timeout")?, asked.options.text("ca"));
    Ok(Observation::Http { method: method.to_owned(), url, headers, timeout, secrets, ca })
}

fn output(asked: &Asked<'_>) -> Called<Observation> {
    let Some(words) = asked.subject.clone().try_cast::<Array>() else {
        let found = json::named(&asked.subject);
        return Complaint::new(asked.ctx, Code::BadOption, format!("`exec::output` wants an argv, this is {found}"))
            .help("write `exec::output([\"program\", \"argument\"])`, or `exec::output(sh(\"…\"))`")
            .raise();
    };
    let argv = argv(words, &|code, message| Complaint::new(asked.ctx, code, message))?;
    Ok(Observation::Output {
        invocation: Surroundings::of(&asked.options).on(On::of_look(&asked.options)?).invocation(argv, Some(&asked.options)),
        timeout: asked.options.length("timeout")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_look_is_made_by_something() {
        for (space, name, ..) in LOOKS {
            assert!(made(&format!("{space}::{name}")).is_some(), "{space}::{name}");
        }
        let listed: Vec<_> = MODULES.iter().flat_map(|(space, names)| names.iter().map(|name| (*space, *name))).collect();
        assert_eq!(listed, LOOKS.map(|(space, name, ..)| (space, name)));
    }
}
