//! The same for programs: JSON, described by `GET /api/openapi.json`. What changes something wants a token: a cookie is not
//! enough, because a browser would add it to whatever another site asks.

mod ask;
mod look;

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};

pub(super) use look::{Declared, lines, runbooks, wanted};

use super::Desk;

const DESCRIPTION: &str = include_str!("openapi.json");

/// Everything below `/api`.
pub(super) fn all() -> Router<Arc<Desk>> {
    Router::new()
        .route("/openapi.json", get(async || ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION).into_response()))
        .route("/runbooks", get(look::list_runbooks))
        .route("/runbooks/{*name}", get(look::runbook))
        .route("/runs", get(look::list_runs).post(ask::start))
        .route("/runs/{run}", get(look::run))
        .route("/runs/{run}/events", get(super::stream::events))
        .route("/runs/{run}/answer", post(ask::answer))
        .route("/alerts", get(look::alerts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_is_json_and_names_every_address() {
        let description: serde_json::Value = serde_json::from_str(DESCRIPTION).unwrap();
        let paths: Vec<_> = description["paths"].as_object().unwrap().keys().cloned().collect();
        let source = include_str!("mod.rs");
        let routes = source.lines().filter_map(|line| line.trim().strip_prefix(".route(\"")?.split('"').next());
        for route in routes {
            let path = format!("/api{}", route.replace("{*", "{"));
            assert!(paths.contains(&path), "{path} is not described");
        }
        assert_eq!(paths.len(), 8);
    }
}
