//! What engine and keeper say to each other: any bytes, in any pieces, are messages or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&cut, bytes)) = input.split_first() else { return };
    let whole = runbook_runtime::keeper::understood(bytes, bytes.len());
    let pieces = runbook_runtime::keeper::understood(bytes, usize::from(cut));
    assert_eq!(whole, pieces, "it does not matter how the bytes arrive");
});
