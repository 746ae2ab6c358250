//! Parameters that name secrets: chosen by a person, by name, and nothing else ever stands in their place.

use std::path::Path;

use serde_json::json;

use crate::serve::client::Server;
use crate::support::Place;

const VALUE: &str = "hunter2-is-the-one";
const ROTATE: &str = r#"
let p = runbook(#{ title: "Rotate", owner: "team", params: #{ token: #{ type: "secret", help: "which one" } } });
command("hand it over", #{ run: ["sh", "-c", "test -n \"$TOKEN\" && echo handed >> ledger"], env: #{ TOKEN: secret(p.token) }, rollback: "nothing" });
"#;

fn place() -> Place {
    let place = Place::new();
    place.runbook("rotate", ROTATE);
    place.write("runbook.toml", "[secrets]\n\"api/token\" = { command = [\"printf\", \"a-value-of-some-length\"] }\n");
    place
}

/// Whether a text stands in any file below a directory.
fn holds(dir: &Path, text: &str) -> bool {
    dir.read_dir().expect("a directory").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            holds(&path, text)
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            bytes.windows(text.len()).any(|part| part == text.as_bytes())
        }
    })
}

#[test]
fn a_link_names_no_secret_and_what_it_says_is_not_repeated() {
    let place = place();
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    for value in ["api/token", VALUE] {
        let page = browser.get(&format!("/open/rotate?token={value}"));
        page.says(&["not taken: <code>(not shown)</code>", "a person chooses a secret"]);
        assert!(!page.body.contains("<option selected>api/token") && !page.body.contains(VALUE), "{page:?}");
    }
    // Nor does an alert: the runbook cannot even ask for it.
    place.runbook("asks", "runbook(#{ title: \"x\", params: #{ t: #{ type: \"secret\", from_label: \"t\" } } });");
    place.expect(2, &["check", "asks"]).says(&["RB0007", "a person chooses it"]);
}

#[test]
fn the_value_itself_is_refused_everywhere_and_written_nowhere() {
    let place = place();
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let page = browser.get("/open/rotate");
    let [form, shown] = ["_form", "shown"].map(|name| page.field(name));
    for typed in [VALUE, "hunter2 is the one!"] {
        let fields = [("_form", form.as_str()), ("shown", &shown), ("runbook", "rotate"), ("mode", "live"), ("p.token", typed)];
        let refused = browser.form("/runs", &fields);
        assert!(refused.status == 409 || refused.status == 422, "{refused:?}");
        assert!(!refused.body.contains("hunter2"), "{refused:?}");
        let told = server.program().post("/api/runs", &json!({ "runbook": "rotate", "params": { "token": typed } }));
        assert!(told.status == 409 && !told.body.contains("hunter2"), "{told:?}");
        let ran = place.expect(2, &["exec", "rotate", "-p", &format!("token={typed}")]);
        ran.says(&["secret"]).is_silent_about(&["hunter2"]);
    }
    place.expect(2, &["exec", "rotate", "-p", &format!("token={VALUE}")]).says(&["RB0050", "api/token"]);
    assert!(!holds(&place.path("."), "hunter2"), "it is written down somewhere");
}

#[test]
fn a_person_chooses_a_name_and_the_name_is_recorded() {
    let place = place();
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let page = browser.get("/open/rotate");
    page.says(&["<select id=\"p-token\"", "<option>api/token</option>"]);
    let [form, shown] = ["_form", "shown"].map(|name| page.field(name));
    let fields = [("_form", form.as_str()), ("shown", &shown), ("runbook", "rotate"), ("mode", "live"), ("p.token", "api/token")];
    let run = browser.form("/runs", &fields);
    assert_eq!(run.status, 303, "{run:?}");
    browser.until(run.header("location"), &["completed"]);
    assert_eq!(place.ledger(), ["handed"]);
    assert_eq!(place.journal()[0]["params"]["token"], json!({ "value": "api/token", "origin": "typed" }));
    assert!(!holds(&place.path(".runbook"), "a-value-of-some-length"));
}
