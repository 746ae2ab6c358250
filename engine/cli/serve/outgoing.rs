//! What the server sends to others by itself: requests, signed where somebody shares a secret with us, and news for a command.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ring::hmac;

use super::token;

/// A server answers, and a command ends, within this.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// So much of an answer is read, in bytes.
const MOST: u64 = 1 << 20;

/// Asks for something, or posts a body of JSON. What was answered is left to be read, by [`read`] or by nobody.
///
/// # Errors
/// Why it did not work. Neither the address, which may be a secret, nor a header is in it: it goes into a log.
pub(super) fn asked(url: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Result<ureq::Body, String> {
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
    let answer = answer.map_err(|error| match error {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "its host was not found".to_owned(),
        ureq::Error::Io(error) => error.kind().to_string(),
        _ => "it could not be asked".to_owned(),
    })?;
    if !answer.status().is_success() {
        return Err(format!("it answered {}", answer.status().as_u16()));
    }
    Ok(answer.into_body())
}

/// The whole of an answer.
///
/// # Errors
/// It broke off, or is larger than a mebibyte.
pub(super) fn read(body: ureq::Body) -> Result<Vec<u8>, String> {
    body.into_with_config().limit(MOST).read_to_vec().map_err(|_| "its answer could not be read".to_owned())
}

/// Posts news to a server of the user's own, with a signature by the secret that both know.
///
/// # Errors
/// As of [`asked`].
pub(super) fn posted(url: &str, body: &[u8], secret: Option<&str>) -> Result<(), String> {
    let signature = secret.map(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        format!("v1={}", token::hex(hmac::sign(&key, body).as_ref()))
    });
    let headers: Vec<_> = signature.iter().map(|signature| ("x-runbook-signature", signature.as_str())).collect();
    asked(url, &headers, Some(body)).map(drop)
}

/// Runs a command with the news at its standard input.
///
/// # Errors
/// It could not be started, did not end in time, or ended badly.
pub(super) fn told(command: &mut Command, body: &[u8]) -> Result<(), String> {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.map_err(|error| format!("it could not be started: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        let body = body.to_vec();
        // News may be larger than a pipe, and a command that hangs reads none of it: nobody waits for that but this thread.
        std::thread::spawn(move || stdin.write_all(&body));
    }
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("it ended with {status}")),
            Ok(None) if began.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(20)),
            _ => {
                child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
                return Err("it did not end in time and was stopped".to_owned());
            }
        }
    }
}
