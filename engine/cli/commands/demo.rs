//! `runbook demo`: a small deployment to try things on.

use std::path::PathBuf;

/// Try it on a small deployment on this machine
///
/// Sets up a directory with a service, its releases and runbooks, all of it on the loopback interface.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Where to set it up; must be new or empty
    #[arg(value_name = "DIR", default_value = "runbook-demo")]
    pub dir: PathBuf,
}

/// The service of the demo
#[derive(Debug, clap::Args)]
pub struct DemoService {
    /// What the service is told
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub rest: Vec<std::ffi::OsString>,
}
