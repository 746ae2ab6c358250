//! Requests to the place that an alert came from.

use std::time::Duration;

/// A server answers within this.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// So much of an answer is read, in bytes.
const MOST: u64 = 1 << 20;

/// Asks for something, or posts a body; gives what was answered.
///
/// # Errors
/// Why it did not work, without the address and without any secret.
pub(super) fn asked(url: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Result<Vec<u8>, String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(PATIENCE))
        .user_agent(concat!("runbook/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let answer = match body {
        Some(body) => {
            let request = headers.iter().fold(agent.post(url), |request, (name, value)| request.header(*name, *value));
            request.header("content-type", "application/json").send(body)
        }
        None => headers.iter().fold(agent.get(url), |request, (name, value)| request.header(*name, *value)).call(),
    };
    let mut answer = answer.map_err(|error| match error {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "its host was not found".to_owned(),
        ureq::Error::Io(error) => error.kind().to_string(),
        _ => "it could not be asked".to_owned(),
    })?;
    if !answer.status().is_success() {
        return Err(format!("it answered {}", answer.status().as_u16()));
    }
    answer.body_mut().with_config().limit(MOST).read_to_vec().map_err(|_| "its answer could not be read".to_owned())
}
