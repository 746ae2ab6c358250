//! How the program starts itself in another part: by verbs that people never type; and what it hears of that part.

use runbook_model::id::RunId;

/// Owns the commands of one run.
pub const KEEPER: &str = "keeper";
/// Has one command run on another host.
pub const COURIER: &str = "courier";
/// Becomes a program that may only read.
pub const CONFINED: &str = "confined";
/// Does what a person asked for in a browser.
pub const BEHALF: &str = "behalf";

/// The run that a part has begun, by the first record that it writes to standard output.
#[must_use]
pub fn run_of(line: &[u8]) -> Option<RunId> {
    serde_json::from_slice::<serde_json::Value>(line).ok()?.get("run")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_its_run_and_nothing_else_does() {
        assert!(run_of(br#"{"v":1,"run":"01M7Y8TCVZ3RKPD9ER8KB22V58","seq":0}"#).is_some());
        assert!(run_of(b"").is_none() && run_of(b"error: no").is_none());
    }
}
