//! `runbook serve`: the page.

use std::net::TcpListener;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output;
use crate::place::Place;
use crate::serve::{self, Desk, Settings, Sole};

/// Serve a page: alerts, runbooks, live runs, answers
///
/// Runs are processes of their own: they go on when the server ends. Listens on this machine only, unless `[serve]` of
/// `runbook.toml` says how others are kept out.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// Where to listen; otherwise `listen` of [serve], or 127.0.0.1:8710
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Print a link to log in with: it works once, within ten minutes
    #[arg(long)]
    pub print_url: bool,
    /// Print a fresh token for somebody and its line for [serve.people], and end
    #[arg(long, value_name = "NAME")]
    pub new_token: Option<String>,
}

/// Serves until it is told to end.
///
/// # Errors
/// The configuration would let anybody in or has mistakes, or the address is taken.
pub fn run(serve: &Serve, globals: &Globals) -> Result<ExitCode, Failure> {
    if let Some(name) = &serve.new_token {
        if name.trim().is_empty() {
            return Err(Failure::usage("whose token?").hint("runbook serve --new-token NAME"));
        }
        let token = serve::fresh()?;
        let key = serde_json::to_string(name).unwrap_or_default();
        output::to_stderr("the first line is for them, and for nobody else; the second goes below [serve.people]:\n");
        output::to_stdout(&format!("{token}\n{key} = \"{}\"\n", serve::digest(&token)))?;
        return Ok(ExitCode::Completed);
    }
    let place = Place::of(globals)?;
    let settings = Settings::of(&place.configuration, serve.listen.as_deref())?;
    let sole = Sole::of(&place)?;
    let listener = TcpListener::bind(settings.listen).map_err(|error| {
        Failure::new(ExitCode::Refused, format!("`{}` cannot be listened at: {error}", settings.listen))
            .hint("another port: `runbook serve --listen 127.0.0.1:0` takes any that is free")
    })?;
    let at = listener.local_addr().map_err(|error| Failure::new(ExitCode::Refused, error.to_string()))?;
    let base = settings.url.clone();
    let scheme = if settings.is_encrypted() { "https" } else { "http" };
    let desk = Desk::new(globals, place, settings, at, sole)?;
    let link = serve.print_url.then(|| desk.login_link()).transpose()?;
    serve::listen(listener, &desk, || {
        let known = base.map(|base| format!(", known as {}", output::safe::line(&base))).unwrap_or_default();
        output::to_stderr(&format!("serving at {scheme}://{at}{known}\n"));
        link.map_or(Ok(()), |link| output::to_stdout(&format!("{link}\n")))
    })
}
