//! The engine of Rhai that performs on a stage.

use std::sync::Arc;

use rhai::{Dynamic, Engine};

use super::functions;
use super::language::sandbox::bare;
use super::performing::decision;
use super::performing::shelf::Shelf;
use super::performing::stage::Stage;
use super::values::settings;

/// An engine that performs on a stage.
pub(super) fn performing(stage: &Arc<Stage>) -> Engine {
    let mut engine = bare();
    engine.set_default_tag(Dynamic::from(Arc::clone(&stage.script.spots)));
    let ticking = Arc::clone(stage);
    engine.on_progress(move |_| ticking.tick());
    engine.set_module_resolver(Shelf::new(Arc::clone(stage)));
    settings::register(&mut engine, &stage.script.settings);
    decision::watch(&mut engine, stage);
    functions::register(&mut engine, stage);
    engine
}
