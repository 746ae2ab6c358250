//! A runbook with all its modules, read and checked: what can be described and performed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rhai::{AST, Expr, Map, Position};
use runbook_model::Value;
use runbook_model::declaration::Declaration;
use runbook_model::digest::Digest;
use runbook_model::entry::Source;
use runbook_model::gate::Gate;
use runbook_model::step::Location;

use crate::line::Line;
use crate::script::actor::Actor;
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::{Diagnostic, Diagnostics, Severity, Span};
use crate::script::diagnosis::span;
use crate::script::diagnosis::spots::each_call;
use crate::script::engine::performing;
use crate::script::language::vocabulary::SECRET;
use crate::script::lint;
use crate::script::loading::{self, Loaded};
use crate::script::performing::blame;
use crate::script::performing::depth::on_deep_stack;
use crate::script::performing::script::Script;
use crate::script::performing::stage::{Purpose, Stage, Stop};
use crate::script::performing::trace::Trace;
use crate::script::reading::attended::interactive_step;
use crate::script::source::{SourceFiles, Sources};
use crate::script::values::settings;

/// A runbook with all its modules, read and checked. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Program {
    script: Arc<Script>,
    warnings: Vec<Diagnostic>,
}

impl Program {
    /// Reads the runbook `entry` and every module that it imports, and looks for mistakes that can be seen without
    /// running anything.
    ///
    /// # Errors
    /// Everything that was found, as far as it is an error: text that is not Rhai, modules that are missing or import
    /// each other in a circle, functions and options that do not exist.
    pub fn load(files: &dyn SourceFiles, entry: &str) -> Result<Self, Diagnostics> {
        Self::of(loading::load(files, entry))
    }

    /// Reads a runbook that a run has started with. It is not judged again: a run must be able to go on although this
    /// engine knows of more mistakes than the one that started it.
    ///
    /// # Errors
    /// Text that is not Rhai, modules that are missing.
    pub fn load_pinned(files: &dyn SourceFiles, entry: &str) -> Result<Self, Diagnostics> {
        Self::of(loading::read(files, entry))
    }

    fn of(loaded: Loaded) -> Result<Self, Diagnostics> {
        let sources = Arc::new(loaded.sources);
        let (errors, warnings): (Vec<_>, Vec<_>) =
            loaded.found.into_iter().partition(|diagnostic| diagnostic.severity == Severity::Error);
        if !errors.is_empty() {
            return Err(Diagnostics::new(errors, sources));
        }
        let spots = Arc::new(loaded.spots);
        let asts = Arc::new(loaded.asts);
        let script = Script { sources, asts, spots, settings: Map::new(), hosts: BTreeMap::new(), trace: None, gate: None };
        let script = Arc::new(script);
        Ok(Self { script, warnings })
    }

    /// What was found that does not keep it from running; `None` when nothing.
    #[must_use]
    pub fn warnings(&self) -> Option<Diagnostics> {
        (!self.warnings.is_empty()).then(|| Diagnostics::new(self.warnings.clone(), Arc::clone(&self.script.sources)))
    }

    /// These remarks of the caller's about the program, to be shown with its sources.
    #[must_use]
    pub fn remarks(&self, remarks: Vec<Diagnostic>) -> Diagnostics {
        Diagnostics::new(remarks, Arc::clone(&self.script.sources))
    }

    /// Where an option of `runbook(#{ … })` stands; where the call stands when the option is not written out there.
    #[must_use]
    pub fn declared_at(&self, option: &str) -> Option<Span> {
        let sources = &self.script.sources;
        let position = lint::declared_at(self.script.asts.get(sources.entry())?, option)?;
        span::grown(sources, sources.entry(), position)
    }

    /// The first step of the runbook that is sure to need the operator's terminal; those that may not be reached, or stand in
    /// modules and functions, are not looked for.
    #[must_use]
    pub fn interactive_step(&self) -> Option<Location> {
        let entry = self.script.sources.entry();
        interactive_step(entry, self.script.asts.get(entry)?)
    }

    /// The names and texts of all files that belong to it, the entry first: what a run pins.
    #[must_use]
    pub fn sources(&self) -> Vec<(String, String)> {
        self.script.sources.all().to_vec()
    }

    /// The names and digests of these files, as a run writes them down.
    #[must_use]
    pub fn pinned(&self) -> Vec<Source> {
        let each = |(name, text): &(String, String)| Source { name: name.clone(), digest: Digest::of(text.as_bytes()) };
        self.script.sources.all().iter().map(each).collect()
    }

    /// The secrets that the scripts name as literals, each once, in the order of their names.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<String> {
        self.secret_calls().into_iter().map(|(_, name, _)| name).collect()
    }

    /// The literal names of secrets that `has_source` does not know; `None` when it knows them all.
    #[must_use]
    pub fn without_source(&self, has_source: &dyn Fn(&str) -> bool) -> Option<Diagnostics> {
        let orphans = self.secret_calls().into_iter().filter(|(_, name, _)| !has_source(name));
        let found: Vec<_> = orphans
            .map(|(file, name, position)| {
                Diagnostic::error(Code::NoSource, format!("the secret `{name}` has no source"))
                    .at(span::grown(&self.script.sources, &file, position))
                    .help(format!("say where it comes from in `runbook.toml`: [secrets] \"{name}\" = {{ env = \"…\" }}"))
            })
            .collect();
        (!found.is_empty()).then(|| Diagnostics::new(found, Arc::clone(&self.script.sources)))
    }

    fn secret_calls(&self) -> Vec<(String, String, Position)> {
        let mut calls = Vec::new();
        for (file, _) in self.script.sources.all() {
            let Some(ast) = self.script.asts.get(file) else { continue };
            each_call(ast, &mut |call, _| {
                if let (SECRET, false, Some(Expr::StringConstant(name, position))) =
                    (call.name.as_str(), call.is_qualified(), call.args.first())
                {
                    calls.push((file.clone(), name.to_string(), *position));
                }
            });
        }
        calls
    }

    /// What the runbook says about itself. Runs the script up to `runbook(#{ … })`, without a line to the engine:
    /// nothing can be changed or looked at.
    ///
    /// # Errors
    /// When the declaration is missing, comes after a step or says something impossible.
    pub fn describe(&self) -> Result<Declaration, Diagnostics> {
        let script = Arc::clone(&self.script);
        let described = on_deep_stack(move || {
            let stage = Arc::new(Stage::new(Arc::clone(&script), Purpose::Describe, Arc::new(AtomicBool::new(false))));
            let engine = performing(&stage);
            let ended = match script.asts.get(script.sources.entry()) {
                Some(ast) => engine.run_ast_with_scope(&mut settings::scope(), ast),
                None => Ok(()),
            };
            match (stage.take_stop(), ended) {
                (Some(Stop::Described(declaration)), _) => Ok(*declaration),
                (Some(Stop::Refused(diagnostic) | Stop::Unknowable { diagnostic, .. }), _) => Err(diagnostic),
                (_, Err(error)) => Err(Box::new(blame::blame(error, &script).diagnostic)),
                (_, Ok(())) => {
                    // An empty file has no place to point at.
                    let message = format!("the runbook `{}` does not say what it is", script.sources.entry());
                    let silent = Diagnostic::error(Code::Declaration, message);
                    let entry = script.asts.get(script.sources.entry());
                    let help = if entry.is_some_and(|ast| ast.has_functions() && ast.statements().is_empty()) {
                        "a module that runbooks import lies in a directory whose name begins with `_`, such as `runbooks/_lib/`"
                    } else {
                        "start it with `let p = runbook(#{ title: \"…\" });`"
                    };
                    Err(Box::new(silent.help(help)))
                }
            }
        });
        let mut declaration = described
            .and_then(|described| described)
            .map_err(|diagnostic| Diagnostics::new(vec![*diagnostic], Arc::clone(&self.script.sources)))?;
        declaration.about = self.about();
        Ok(declaration)
    }

    /// The same program, knowing these groups of hosts.
    #[must_use]
    pub fn with_hosts(&self, hosts: &BTreeMap<String, Vec<String>>) -> Self {
        self.with(hosts.clone(), self.script.trace.clone())
    }

    /// The same program, whose performances note where they come by.
    #[must_use]
    pub fn traced(&self, trace: Arc<Trace>) -> Self {
        self.with(self.script.hosts.clone(), Some(trace))
    }

    fn with(&self, hosts: BTreeMap<String, Vec<String>>, trace: Option<Arc<Trace>>) -> Self {
        let script = Script {
            sources: Arc::clone(&self.script.sources),
            asts: Arc::clone(&self.script.asts),
            spots: Arc::clone(&self.script.spots),
            settings: Map::new(),
            hosts,
            trace,
            gate: None,
        };
        Self { script: Arc::new(script), warnings: self.warnings.clone() }
    }

    /// The texts and what was read in them.
    pub(super) fn texts(&self) -> (&Sources, &BTreeMap<String, AST>) {
        (&self.script.sources, &self.script.asts)
    }

    /// Hires an actor: a thread that performs the script, asking over `line`. `params` are what `runbook(#{ … })`
    /// returns, `settings` the constant of that name, `gate` what is asked before the first command.
    #[must_use]
    pub fn cast(
        &self,
        params: &BTreeMap<String, Value>,
        settings: &serde_json::Map<String, Value>,
        gate: Option<&Gate>,
        line: Line,
    ) -> Actor {
        let script = Script {
            sources: Arc::clone(&self.script.sources),
            asts: Arc::clone(&self.script.asts),
            spots: Arc::clone(&self.script.spots),
            settings: settings
                .iter()
                .map(|(name, value)| (name.as_str().into(), crate::script::values::json::played(value)))
                .collect(),
            hosts: self.script.hosts.clone(),
            trace: self.script.trace.clone(),
            gate: gate.cloned(),
        };
        let params =
            params.iter().map(|(name, value)| (name.as_str().into(), crate::script::values::json::played(value))).collect();
        Actor::hired(Arc::new(script), params, line)
    }

    /// The lines at the top of the entry that begin with `//!`.
    fn about(&self) -> Option<String> {
        let text = self.script.sources.text(self.script.sources.entry())?;
        let lines: Vec<_> = text
            .lines()
            .skip_while(|line| line.trim().is_empty())
            .map_while(|line| line.trim_start().strip_prefix("//!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
            .collect();
        let about = lines.join("\n").trim().to_owned();
        (!about.is_empty()).then_some(about)
    }
}
