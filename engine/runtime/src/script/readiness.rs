//! What every script needs and none of them changes.

use crate::script::functions;
use crate::script::language::sandbox;
use crate::script::reading::engine_functions::engine_functions;

/// Makes the functions of Rhai, the list of them by which calls are checked, and ours, on a thread of its own: together they take
/// about as long as a command line and a configuration. Whoever needs them sooner, or finds no such thread, makes them itself.
pub fn make_ready() {
    let _made = std::thread::Builder::new().name("functions".to_owned()).spawn(|| {
        sandbox::make_packages();
        engine_functions();
        functions::make_shared();
    });
}
