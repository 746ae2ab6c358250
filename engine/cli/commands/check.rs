//! `runbook check`: reads runbooks like a compiler.

/// Look for mistakes in runbooks without running anything
///
/// Syntax, unknown functions, misspelt options, parameters, imports: each with its place and what to write instead.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Names of runbooks or paths of `.rhai` files; otherwise all of them
    #[arg(value_name = "NAME")]
    pub runbooks: Vec<String>,
}
