//! The constant `settings`: what the repository's configuration says, seen everywhere in a script.

use rhai::{Dynamic, Engine, Map, Scope};

/// The name of the constant.
pub(in crate::script) const NAME: &str = "settings";

/// The scope in which a script is parsed and run.
pub(in crate::script) fn scope() -> Scope<'static> {
    let mut scope = Scope::new();
    scope.push_constant(NAME, ());
    scope
}

/// Lets the name mean the settings, also inside functions and modules, which see no variables of their surroundings. A variable
/// or a parameter that a script calls so itself is its own.
pub(in crate::script) fn register(engine: &mut Engine, settings: &Map) {
    let settings = Dynamic::from(settings.clone()).into_read_only();
    #[allow(deprecated, reason = "marked so by Rhai because it may change; the version is pinned")]
    engine.on_var(move |name, _, context| {
        // What a closure captures is nothing: the constant of `scope`.
        let is_own = || context.scope().get(NAME).is_some_and(|value| !value.is::<()>());
        Ok((name == NAME && !is_own()).then(|| settings.clone()))
    });
}
