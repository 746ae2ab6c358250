//! A file of tests: read, judged and performed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rhai::{AST, Map, Scope};
use runbook_model::Value;
use runbook_model::parameter::nearest;

use super::given::Given;
use super::ran::Ran;
use super::words::{self, Rehearsal, State, WORDS};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::script::diagnosis::span::grown;
use crate::script::diagnosis::spots::Spots;
use crate::script::language::{sandbox, vocabulary};
use crate::script::loading;
use crate::script::performing::blame::blame;
use crate::script::performing::depth::on_deep_stack;
use crate::script::performing::script::Script;
use crate::script::reading::anatomy::Anatomy;
use crate::script::reading::engine_functions::engine_functions;
use crate::script::reading::survey::survey;
use crate::script::source::{SourceFiles, Sources, Unreadable};

/// What holds around a run: settings, parameters, and how the world answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Background {
    /// The environment whose settings the runbook gets.
    pub env: Option<String>,
    /// Settings, over those of the configuration.
    pub settings: serde_json::Map<String, Value>,
    /// Parameters.
    pub params: BTreeMap<String, Value>,
    /// Groups of hosts, over those of the configuration.
    pub hosts: BTreeMap<String, Vec<String>>,
    /// How the world answers; each thing is named once.
    pub given: Vec<Given>,
}

impl Background {
    /// Adds an answer; what was given for the same thing counts no more.
    pub(super) fn give(&mut self, given: Given) {
        self.given.retain(|earlier| earlier.what != given.what);
        self.given.push(given);
    }
}

/// Performs the runbook under these circumstances and with these parameters of `run(#{ … })`, or says why that cannot be.
pub type Stagehand = dyn Fn(&Background, &BTreeMap<String, Value>) -> Result<Ran, String> + Send + Sync;

/// One test that was performed.
#[derive(Debug)]
pub struct Tested {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: Option<Span>,
    /// How long it took.
    pub millis: u64,
    /// What the test itself printed, as people do who look for a mistake in it.
    pub printed: Vec<String>,
    /// What is wrong; `None` when all is as it should be.
    pub wrong: Option<Diagnostics>,
}

/// A file of tests.
#[derive(Debug, Clone)]
pub struct TestFile {
    script: Arc<Script>,
}

impl TestFile {
    /// Reads a file of tests; `None` when there is none.
    ///
    /// # Errors
    /// It cannot be read, is not Rhai, or calls functions that do not exist.
    pub fn load(files: &dyn SourceFiles, name: &str) -> Result<Option<Self>, Diagnostics> {
        let mut sources = Sources::default();
        let text = match files.read(name) {
            Ok(text) => text,
            Err(Unreadable::Missing { .. }) => return Ok(None),
            Err(error) => {
                return Err(Diagnostics::new(vec![Diagnostic::error(Code::Import, error.to_string())], Arc::new(sources)));
            }
        };
        sources.push(name, text);
        let parsed = on_deep_stack(|| {
            let text = sources.text(name).unwrap_or_default();
            let mut ast = sandbox::bare()
                .compile_with_scope(&Scope::new(), text)
                .map_err(|error| vec![loading::syntax(&sources, name, &error)])?;
            ast.set_source(name);
            let found = lint(&sources, name, &ast);
            if found.is_empty() { Ok(ast) } else { Err(found) }
        });
        match parsed.unwrap_or_else(|fault| Err(vec![*fault])) {
            Ok(ast) => {
                let asts = Arc::new(BTreeMap::from([(name.to_owned(), ast)]));
                let spots = Arc::new(Spots::default());
                Ok(Some(Self {
                    script: Arc::new(Script {
                        sources: Arc::new(sources),
                        asts,
                        spots,
                        settings: Map::new(),
                        hosts: BTreeMap::new(),
                        trace: None,
                        gate: None,
                    }),
                }))
            }
            Err(found) => Err(Diagnostics::new(found, Arc::new(sources))),
        }
    }

    /// What is given outside of the tests. No test is performed.
    ///
    /// # Errors
    /// What the file gives is no answer, or the script fails.
    pub fn background(&self) -> Result<Background, Diagnostics> {
        self.performed(None).map(|state| state.background)
    }

    /// Performs every test, in order. One that fails hides no other.
    ///
    /// # Errors
    /// The file fails outside of its tests.
    pub fn perform(&self, stagehand: Arc<Stagehand>) -> Result<Vec<Tested>, Diagnostics> {
        self.performed(Some(stagehand)).map(|state| state.tested)
    }

    fn performed(&self, stagehand: Option<Arc<Stagehand>>) -> Result<State, Diagnostics> {
        let script = Arc::clone(&self.script);
        let ended = on_deep_stack(move || {
            let rehearsal = Arc::new(Rehearsal { script: Arc::clone(&script), stagehand, state: Mutex::default() });
            let mut engine = sandbox::bare();
            engine.set_max_operations(10_000_000);
            words::register(&mut engine, &rehearsal);
            let ended = match script.asts.get(script.sources.entry()) {
                Some(ast) => engine.run_ast_with_scope(&mut Scope::new(), ast),
                None => Ok(()),
            };
            match ended {
                Ok(()) => Ok(std::mem::take(&mut *rehearsal.state())),
                Err(error) => Err(Box::new(blame(error, &script).diagnostic)),
            }
        });
        ended.and_then(|ended| ended).map_err(|diagnostic| Diagnostics::new(vec![*diagnostic], Arc::clone(&self.script.sources)))
    }
}

/// Calls of functions that a test file does not have.
fn lint(sources: &Sources, name: &str, ast: &AST) -> Vec<Diagnostic> {
    let anatomy = Anatomy::of(ast);
    let own = || anatomy.functions.iter().map(|function| function.name.as_str());
    let of_tests = || WORDS.iter().map(|(word, _)| *word).chain(["step"]);
    let of_rhai = |name: &str| engine_functions().contains_key(name) && !vocabulary::NAMES.contains(&name);
    let mut found = Vec::new();
    for met in survey(&anatomy) {
        let called = met.call.name.as_str();
        if met.call.is_operator_call() || called.starts_with("anon$") || own().any(|own| own == called) || of_rhai(called) {
            continue;
        }
        if let Some((word, possible)) = WORDS.iter().find(|(word, _)| *word == called) {
            if !possible.contains(&met.call.args.len()) && !met.is_method {
                let numbers: Vec<_> = possible.iter().map(ToString::to_string).collect();
                let message = format!("`{word}` takes {} arguments, this call has {}", numbers.join(" or "), met.call.args.len());
                found.push(Diagnostic::error(Code::Arity, message).at(grown(sources, name, met.position)));
            }
            continue;
        }
        if of_tests().any(|word| word == called) {
            continue;
        }
        let diagnostic = Diagnostic::error(Code::UnknownFunction, format!("there is no function `{called}` in a test"));
        let diagnostic = match nearest(called, of_tests().chain(own())) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("the words of a test are: {}", of_tests().collect::<Vec<_>>().join(", "))),
        };
        found.push(diagnostic.at(grown(sources, name, met.position)));
    }
    found
}
