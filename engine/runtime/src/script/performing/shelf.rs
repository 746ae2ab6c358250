//! Gives imported modules: those that were parsed with the program, and no others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Shared};

use crate::script::performing::here;
use crate::script::performing::stage::Stage;
use crate::script::source::resolved;
use crate::script::values::settings;

/// The modules of one performance; each runs its top level once.
#[derive(Debug)]
pub(in crate::script) struct Shelf {
    stage: Arc<Stage>,
    ready: Mutex<BTreeMap<String, Shared<Module>>>,
}

impl Shelf {
    pub(in crate::script) fn new(stage: Arc<Stage>) -> Self {
        Self { stage, ready: Mutex::default() }
    }
}

impl ModuleResolver for Shelf {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let entry = self.stage.script.sources.entry();
        let name = resolved(source.unwrap_or(entry), path)
            .map_err(|error| Box::new(EvalAltResult::ErrorRuntime(error.to_string().into(), position)))?;
        if let Some(module) = self.ready.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Ok(Shared::clone(module));
        }
        let Some(ast) = self.stage.script.asts.get(&name) else {
            let message = format!("the module `{name}` was not loaded with the runbook");
            return Err(Box::new(EvalAltResult::ErrorRuntime(message.into(), position)));
        };
        here::with(|here| here.importing += 1);
        let module = Module::eval_ast_as_new(settings::scope(), ast, engine);
        here::with(|here| here.importing -= 1);
        let module = module.map_err(|error| Box::new(EvalAltResult::ErrorInModule(name.clone(), error, position)))?;
        let module = Shared::new(module);
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Shared::clone(&module));
        Ok(module)
    }
}
