//! How the program starts itself in another part: by verbs that people never type.

/// Owns the commands of one run.
pub const KEEPER: &str = "keeper";
/// Has one command run on another host.
pub const COURIER: &str = "courier";
/// Becomes a program that may only read.
pub const CONFINED: &str = "confined";
/// Does what a person asked for in a browser.
pub const BEHALF: &str = "behalf";
