//! Looks outside checks, and steps inside them: also those that a function makes which is called there.

use std::collections::HashMap;

use super::{File, Found, Program};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::{Diagnostic, Label, Span};
use crate::script::diagnosis::span::grown;
use crate::script::language::vocabulary;
use crate::script::reading::survey::{Met, Place};

pub(super) fn lint(program: &Program<'_>, file: &File<'_>, found: &mut Found<'_>) {
    let does = Does::of(program);
    let is_entry = file.name == program.sources.entry();
    for met in &file.calls {
        let here = does.of_call(program, file, met);
        let name = met.name();
        match met.place {
            Place::Script => {
                if let Some(look) = &here.looks {
                    let message = format!("`{name}` looks at the world outside a check");
                    let help = format!(
                        "put it into a check, so that what it sees is recorded: `let seen = check(\"…\", || {name}(…));`"
                    );
                    found.report(
                        with(Diagnostic::error(Code::LookOutsideCheck, message).help(help), look, "it looks here"),
                        met.position,
                    );
                }
                if let Some(step) = here.steps.as_ref().filter(|_| !is_entry) {
                    let message = format!("`{name}` stands at the top level of a module");
                    let help = "importing a module must not do anything: put it into a function of the module";
                    found.report(with(Diagnostic::error(Code::StepInImport, message).help(help), step, "a step"), met.position);
                }
            }
            Place::Look => {
                if let Some(step) = &here.steps {
                    let message = format!("`{name}` stands inside the closure of a check");
                    let help = "a closure only looks, and may be called many times: put the step before or behind it";
                    found.report(
                        with(Diagnostic::error(Code::StepInsideCheck, message).help(help), step, "the step"),
                        met.position,
                    );
                }
            }
            Place::Function | Place::Elsewhere => {}
        }
    }
}

/// Shows where a function does it; a call that does it itself needs no second mark.
fn with(mut diagnostic: Diagnostic, at: &Deed, text: &str) -> Diagnostic {
    if let Deed::There(span) = at {
        diagnostic.labels.push(Label { span: span.clone(), text: text.to_owned() });
    }
    diagnostic
}

/// That something is done: by the call itself, or further down.
#[derive(Debug, Clone)]
enum Deed {
    Here,
    There(Span),
}

/// What a call does to the world outside the script.
#[derive(Debug, Clone, Default)]
struct Doing {
    looks: Option<Deed>,
    steps: Option<Deed>,
}

/// What each function does, by file and number.
struct Does<'a>(HashMap<(&'a str, usize), Doing>);

impl<'a> Does<'a> {
    fn of(program: &'a Program<'_>) -> Self {
        let mut does = Self(HashMap::new());
        // What a function does, those that call it do, too: until nothing new is found.
        loop {
            let mut learnt = false;
            for file in &program.files {
                for met in file.calls.iter().filter(|met| met.place == Place::Function) {
                    let Some(function) = met.function else { continue };
                    let doing = does.of_call(program, file, met);
                    let span = grown(program.sources, file.name, met.position);
                    let known = does.0.entry((file.name, function)).or_default();
                    for (new, old) in [(doing.looks, &mut known.looks), (doing.steps, &mut known.steps)] {
                        if let (Some(deed), None) = (new, &old) {
                            *old = match (deed, &span) {
                                (Deed::There(span), _) => Some(Deed::There(span)),
                                (Deed::Here, Some(span)) => Some(Deed::There(span.clone())),
                                (Deed::Here, None) => Some(Deed::Here),
                            };
                            learnt = true;
                        }
                    }
                }
            }
            if !learnt {
                return does;
            }
        }
    }

    fn of_call(&self, program: &Program<'_>, file: &File<'_>, met: &Met<'_>) -> Doing {
        let mut doing = Doing::default();
        if met.is_step() {
            doing.steps = Some(Deed::Here);
            return doing;
        }
        let name = met.call.name.as_str();
        let space = met.call.namespace.path.first().map(|part| part.name.as_str());
        let is_look = |space: &str| vocabulary::MODULES.iter().any(|(module, names)| *module == space && names.contains(&name));
        let callee = match space {
            Some(space) if is_look(space) => {
                doing.looks = Some(Deed::Here);
                return doing;
            }
            Some(space) => program.module(file, space),
            None => program.files.iter().find(|known| known.name == file.name),
        };
        let Some(callee) = callee else { return doing };
        let fits = |arguments: usize| arguments == met.call.args.len();
        let number = callee.anatomy.functions.iter().position(|function| function.name == name && fits(function.params.len()));
        number.and_then(|number| self.0.get(&(callee.name, number))).cloned().unwrap_or_default()
    }
}
