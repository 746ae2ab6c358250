//! The part of Unleash's admin API that `std/flags` uses, as its OpenAPI description has it (5 and later): one project with one flag. Debian has no Unleash.
//!
//! - `GET /api/admin/projects/P/features/F` gives the flag with its environments, of which `name` and `enabled` are always there; an archived one is given, too.
//! - `POST …/environments/E/on` and `…/off` answer 200 without a body; 404 when the flag is archived or has no such environment; 403 without the permission, and
//!   where changes of the environment have to be requested.
//! - Errors are JSON with `id`, `name` and `message`. The token is the whole of `Authorization`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::{Asked, Service};
use crate::exercises::trap;

pub(crate) const TOKEN: &str = "user:canary-token-5521";

/// What the flag is, and what the server lets happen to it.
#[derive(Clone, Default)]
pub(crate) struct Flag {
    pub(crate) on: bool,
    pub(crate) archived: bool,
    /// Changes of `production` have to be requested, and somebody else approves them.
    pub(crate) change_requests: bool,
    /// `on` and `off`, as they came.
    pub(crate) switched: Vec<String>,
}

/// A server with the flag `new-checkout` of the project `default`, in `development` and `production`. `root` is the place of its exercises.
pub(crate) fn unleash(flag: &Arc<Mutex<Flag>>, root: PathBuf) -> Service {
    let flag = Arc::clone(flag);
    Service::start(move |asked| {
        let mut flag = flag.lock().expect("ours");
        if asked.path == "/metrics" {
            // The harm that the flag does.
            return (200, format!("http_requests_total {}\n", if flag.on { 0.5 } else { 0.0 }));
        }
        if asked.method == "POST" && trap::is_sprung(&root) {
            return error(500, "InternalError", trap::SAID);
        }
        answer(&mut flag, asked)
    })
}

fn answer(flag: &mut Flag, asked: &Asked) -> (u16, String) {
    if !asked.headers.contains(&("authorization".to_owned(), TOKEN.to_owned())) {
        return error(401, "AuthenticationRequired", "You must log in to use Unleash.");
    }
    let Some(rest) = asked.path.strip_prefix("/api/admin/projects/default/features/new-checkout") else {
        return error(404, "NotFoundError", "Could not find feature");
    };
    if asked.method == "GET" && rest.is_empty() {
        return (200, feature(flag));
    }
    let switched = rest.strip_prefix("/environments/").and_then(|rest| rest.split_once('/'));
    let (Some((environment, to @ ("on" | "off"))), "POST") = (switched, asked.method.as_str()) else {
        return error(404, "NotFoundError", "The path does not exist");
    };
    if flag.archived || !["development", "production"].contains(&environment) {
        return error(404, "NotFoundError", &format!("Could not find environment {environment} for feature: new-checkout"));
    }
    if flag.change_requests && environment == "production" {
        return error(
            403,
            "PermissionError",
            "Change requests are enabled in project \"default\" for environment \"production\"",
        );
    }
    if environment == "production" {
        flag.on = to == "on";
    }
    flag.switched.push(format!("{environment} {to}"));
    (200, String::new())
}

fn feature(flag: &Flag) -> String {
    let environment = |name: &str, kind: &str, enabled: bool| serde_json::json!({ "name": name, "type": kind, "enabled": enabled, "sortOrder": 1, "strategies": [{ "name": "flexibleRollout", "disabled": false }] });
    serde_json::json!({
        "name": "new-checkout", "project": "default", "type": "kill-switch", "stale": false, "archived": flag.archived, "createdAt": "2026-01-28T15:21:39.975Z",
        "environments": [environment("development", "development", true), environment("production", "production", flag.on)],
    })
    .to_string()
}

fn error(status: u16, name: &str, message: &str) -> (u16, String) {
    let id = "9c40958a-daac-400e-98fb-3bb438567008";
    (status, serde_json::json!({ "id": id, "name": name, "message": message, "details": [{ "message": message }] }).to_string())
}
