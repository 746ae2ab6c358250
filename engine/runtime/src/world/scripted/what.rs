//! What a look is called.

use runbook_model::observation::Observation;

/// The look as a runbook writes it, without quotes: `http::get http://127.0.0.1:8080/health`.
#[must_use]
pub fn what(observation: &Observation) -> String {
    match observation {
        Observation::Http { method, url, .. } => format!("http::{} {url}", method.to_lowercase()),
        Observation::Output { invocation, .. } => format!("exec::output {}", invocation.line()),
        Observation::ReadFile { path } => format!("fs::read {path}"),
        Observation::ReadLink { path } => format!("fs::read_link {path}"),
        Observation::Stat { path } => format!("fs::stat {path}"),
        Observation::ListDir { path } => format!("fs::list {path}"),
        Observation::Tcp { address, .. } => format!("tcp::open {address}"),
        Observation::Resolve { name } => format!("dns::resolve {name}"),
        Observation::Processes { name } => format!("process::find {name}"),
        Observation::Env { name } => format!("env::get {name}"),
        Observation::Now => "clock::now".to_owned(),
    }
}
