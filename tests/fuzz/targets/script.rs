//! The script loader: any text is a runbook, or refused with a place in it; what it says about itself is found out without
//! doing anything, and in bounded time.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use runbook_runtime::script::{Pinned, Program, at_depth};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Two files, so that imports have something to meet.
    let (main, module) = text.split_once('\u{c}').unwrap_or((text, ""));
    let files = Pinned(BTreeMap::from([("main.rhai".to_owned(), main.to_owned()), ("m.rhai".to_owned(), module.to_owned())]));
    at_depth(|| {
        let found = Program::load(&files, "main.rhai").and_then(|program| program.describe().map(drop));
        if let Err(diagnostics) = found {
            assert!(!diagnostics.render(false).is_empty() && !diagnostics.render(true).is_empty());
            for diagnostic in &diagnostics.all {
                assert_ne!(diagnostic.code.id(), "RB0019", "the engine is at fault: {}", diagnostic.message);
            }
        }
    });
});
