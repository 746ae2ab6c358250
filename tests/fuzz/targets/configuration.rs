//! `runbook.toml`: any text is a configuration, or refused with every mistake at its line.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(complaint) = runbook_cli::configuration::judged(text) {
        assert!(!complaint.is_empty());
    }
});
