//! What a loop over bytes gives.

use std::any::TypeId;

use rhai::{Blob, Dynamic, INT, Module};

/// Each byte is an `int`, as it is in `bytes[0]` and in a list made of them. Rhai's own loop gives bytes of a type of their own, which
/// neither compare with a number nor can be recorded; with `only_i64` there are no functions for them at all.
pub(super) fn module() -> Module {
    let mut module = Module::new();
    module.set_iter(TypeId::of::<Blob>(), |bytes| {
        Box::new(bytes.cast::<Blob>().into_iter().map(|byte| Dynamic::from(INT::from(byte))))
    });
    module
}
