//! What programs see.

use serde_json::json;

use crate::serve::client::Server;
use crate::serve::visitors::people;
use crate::support::Place;

#[test]
fn programs_look_and_ask_as_the_description_says() {
    let place = Place::new();
    place.runbook("plain", "command(\"note\", #{ run: [\"touch\", \"done\"], rollback: \"nothing\" });\n");
    place.runbook("broken", "runbook(#{ titel: 1 });");
    let server = Server::start(&place);
    let program = server.program();
    assert_eq!(server.stranger().get("/api/openapi.json").json()["openapi"], "3.1.0");
    assert_eq!(program.get("/api/runbooks").json()["runbooks"][0], json!({ "name": "broken", "declaration": null }));
    assert_eq!(program.get("/api/runbooks/plain").json()["file"], "runbooks/plain.rhai");
    let odd = [json!({ "runbook": "plain", "yes": true }), json!({ "runbook": "plain", "mode": "dry" }), json!([])];
    for body in odd {
        assert_eq!(program.post("/api/runs", &body).status, 422, "{body}");
    }
    let none = program.post("/api/runs", &json!({ "runbook": "plian" }));
    assert_eq!((none.status, &none.json()["next"][0]), (404, &json!("did you mean `plain`?")));
    let unknown = program.post("/api/runs", &json!({ "runbook": "plain", "params": { "x": 1 } }));
    assert_eq!(unknown.status, 409, "{unknown:?}");
    unknown.says(&["there is no parameter `x`"]);
    let run = program.post("/api/runs", &json!({ "runbook": "plain" })).json()["run"].clone();
    let path = format!("/api/runs/{}", run.as_str().expect("a run"));
    program.until(&path, &["\"status\":\"rehearsed\""]);
    assert!(!place.path("done").exists());
    assert_eq!(program.get("/api/runs?runbook=plain&state=rehearsed").json()["runs"][0]["run"], run);
    assert_eq!(program.get("/api/runs?runbook=other").json()["runs"], json!([]));
    let metrics = program.get("/metrics");
    metrics.says(&["runbook_serve_started_total 1", "runbook_runs{state=\"rehearsed\"} 1"]);
    assert_eq!(server.stranger().get("/healthz").body, "ok\n");
}

/// What would be left out in silence is a host that nobody has worked on.
#[test]
fn an_item_of_a_list_that_is_no_text_is_not_left_out() {
    let place = Place::new();
    place.runbook(
        "several",
        "let p = runbook(#{ title: \"x\", params: #{ hosts: #{ type: \"list\", fallback: [] } } });\n\
         command(\"note\", #{ run: [\"sh\", \"-c\", \"echo $* >> ledger\", \"sh\"] + p.hosts, rollback: \"nothing\" });\n",
    );
    let server = Server::start(&place);
    let program = server.program();
    let start = |hosts| program.post("/api/runs", &json!({ "runbook": "several", "mode": "live", "params": { "hosts": hosts } }));
    for (odd, status) in [(json!(["a", 5]), 409), (json!([null]), 409), (json!([["a"]]), 409), (json!(null), 422)] {
        let refused = start(odd.clone());
        assert_eq!(refused.status, status, "{odd}: {refused:?}");
        refused.says(&["`hosts`"]);
    }
    let run = start(json!(["a", "b"])).json()["run"].clone();
    program.until(&format!("/api/runs/{}", run.as_str().expect("a run")), &["\"status\":\"completed\""]);
    assert_eq!(place.ledger(), ["a b"]);
}

#[test]
fn a_program_hears_in_json_why_it_is_refused() {
    let place = Place::new();
    place.runbook("plain", "command(\"note\", #{ run: [\"touch\", \"done\"], rollback: \"nothing\" });\n");
    let tokens = people(&place, &["nobody"], "");
    let server = Server::start(&place);
    let program = server.program();
    for (client, method, path, status) in [
        (&program, "GET", "/api/nowhere", 404),
        (&program, "GET", "/api/runs/%FF", 400),
        (&program, "GET", "/api/runs/nope", 404),
        (&program, "GET", "/api/runs/nope/events", 404),
        (&program, "GET", "/api/runs/a%2Fb", 400),
        (&program, "PUT", "/api/runs", 405),
        (&program, "DELETE", "/api/runs", 405),
        (&program.with("host", "evil.example"), "GET", "/api/runs", 421),
        (&server.stranger(), "GET", "/api/runs", 401),
        (&server.bearer(&tokens[0]), "GET", "/api/runs", 403),
    ] {
        let answer = client.ask(method, path, b"");
        assert_eq!((answer.status, answer.header("content-type")), (status, "application/json"), "{path}: {answer:?}");
        let told = answer.json();
        assert!(told["error"].is_string() && told["details"].is_array() && told["next"].is_array(), "{path}: {told}");
    }
    // A page stays one.
    assert!(program.get("/nowhere").header("content-type").starts_with("text/html"));
}
