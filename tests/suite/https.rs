//! Requests that change something, and looks, against a real nginx with TLS.

use crate::support::Place;
use crate::support::nginx::Nginx;

const LOCATIONS: &str = r#"
    location = /health { return 200 "fine\n"; }
    location = /moved { return 302 /health; }
    location = /made { return 201 "made\n"; }
    location = /busy { add_header Retry-After 1 always; return 503; }
    location = /broken { return 500; }
    location = /nobody { proxy_pass http://127.0.0.1:1; }
    location = /big { return 200 "0123456789abcdef"; }
"#;

fn requests(place: &Place) -> Vec<String> {
    place.read("nginx/access.log").lines().map(|line| line.trim_end_matches(" -").to_owned()).collect()
}

#[test]
fn a_server_of_our_own_authority_is_looked_at_and_changed_and_changed_back() {
    let place = Place::new();
    let nginx = Nginx::start(&place, LOCATIONS);
    let url = &nginx.url;
    place.runbook(
        "main",
        &format!(
            r#"
            let seen = check("it answers", || http::get("{url}/moved", #{{ ca: "nginx/ca.pem" }}).body);
            command("make it", #{{
                http: #{{ url: "{url}/made", json: #{{ weight: 10 }}, ca: "nginx/ca.pem" }},
                rollback: #{{ http: #{{ method: "DELETE", url: "{url}/made", ca: "nginx/ca.pem" }} }},
            }});
            command("note it", #{{ write: #{{ path: "seen", content: seen }} }});
            "#
        ),
    );
    place.expect(0, &["exec", "main"]);
    assert_eq!(place.read("seen"), "fine\n", "a look follows a redirect");
    place.expect(6, &["rollback", &place.newest_run()]);
    assert_eq!(requests(&place), ["GET /moved 302", "GET /health 200", "POST /made 201", "DELETE /made 201"]);
}

#[test]
fn a_server_that_cannot_show_who_it_is_gets_nothing() {
    let place = Place::new();
    let nginx = Nginx::start(&place, LOCATIONS);
    let url = &nginx.url;
    place.runbook("main", &format!(r#"command("make it", #{{ http: #{{ url: "{url}/made" }}, rollback: "nothing" }});"#));
    // Nothing was sent, so nothing is in doubt.
    place.expect(1, &["exec", "main"]).says(&["no answer from", "certificate"]).is_silent_about(&["may have taken effect"]);
    let name = url.replace("localhost", "127.0.0.1");
    place.runbook(
        "main",
        &format!(r#"command("make it", #{{ http: #{{ url: "{name}/made", ca: "nginx/ca.pem" }}, rollback: "nothing" }});"#),
    );
    place.expect(1, &["exec", "main"]).says(&["certificate"]).is_silent_about(&["may have taken effect"]);
    for (ca, words) in [("nginx/none.pem", "no such file"), ("nginx/nginx.conf", "there is no certificate in")] {
        place.runbook(
            "main",
            &format!(r#"command("x", #{{ http: #{{ url: "{url}/made", ca: "{ca}" }}, rollback: "nothing" }});"#),
        );
        let ran = place.expect(1, &["exec", "main"]);
        assert!(ran.err.to_lowercase().contains(words), "{ran}");
    }
    assert!(requests(&place).is_empty());
}

#[test]
fn half_an_answer_is_not_taken_for_a_whole_one() {
    let place = Place::new();
    let nginx = Nginx::start(&place, "location / { root .; }");
    let url = &nginx.plain_url;
    place.write("nginx/whole", &"x".repeat(64 * 1024));
    place.write("nginx/more", &"x".repeat(64 * 1024 + 1));
    place.runbook("main", &format!(r#"check("whole", || http::get("{url}/whole").body.len == 65536);"#));
    place.expect(0, &["exec", "main"]);
    place.runbook("main", &format!(r#"check("more", || http::get("{url}/more").body != "");"#));
    place.expect(1, &["exec", "main"]).says(&["only its first 65536 bytes are kept"]);
}

#[test]
fn only_what_cannot_have_worked_is_sent_again() {
    for (path, more, code, times) in [
        // It has no time now, and says when it may be asked again.
        ("busy", "", 1, 3),
        // It broke in the middle of who knows what.
        ("broken", "", 1, 1),
        ("broken", ", method: \"PUT\"", 1, 3),
        ("made", ", expect: 200", 1, 1),
        // A gateway that reached nobody: in doubt, and not sent again.
        ("nobody", "", 5, 1),
    ] {
        let place = Place::new();
        let nginx = Nginx::start(&place, LOCATIONS);
        let url = &nginx.plain_url;
        place.runbook(
            "main",
            &format!(
                r#"command("x", #{{ http: #{{ url: "{url}/{path}"{more} }}, retry: #{{ times: 2, every: "1ms" }}, rollback: "nothing" }});"#
            ),
        );
        place.expect(code, &["exec", "main"]);
        assert_eq!(requests(&place).len(), times, "{path}{more}: {:?}", requests(&place));
    }
}
