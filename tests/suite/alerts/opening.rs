use super::place;

#[test]
fn a_link_shows_its_runbook_and_never_runs_it() {
    let place = place();
    let link = "https://ops.example/open/rollback-api?service=checkout&execute=true&yes=1&dry_run=false&_alert=x";
    let ran = place.expect(0, &["open", "--", link]);
    for says in [
        "rollback-api  Roll a service back",
        "link from: ops.example",
        "service = checkout  (from the link)",
        "to =   (fallback)",
        "ignored: `execute`, `yes`, `dry_run`\n",
        "Nothing was run",
        "exec rollback-api -p service=checkout --dry-run",
    ] {
        assert!(ran.out.contains(says), "{says}\n{}", ran.out);
    }
    assert_eq!(place.ledger(), Vec::<String>::new());
    assert!(!place.state().join("runs").exists(), "no run was begun");
}

#[test]
fn by_the_name_of_an_alert_labels_are_mapped() {
    let place = place();
    let ran = place.expect(0, &["open", "https://h/alert/apislow?team=pay&svc=checkout&to=1.2"]);
    assert!(ran.out.contains("service = checkout") && ran.out.contains("to =   (fallback)"), "{}", ran.out);
    place.expect(2, &["open", "https://h/alert/ApiSlow?team=other"]).says(&["no runbook serves"]);
    place.expect(2, &["open", "https://h/a/0123456789abcdef"]).says(&["only the page"]);
}

#[test]
fn hostile_values_and_links_go_nowhere() {
    let place = place();
    for value in ["x;rm%20-rf", "$(id)", "%0aecho", "%00", "%E2%80%AEx", "-x%20y"] {
        let ran = place.expect(0, &["open", &format!("RUNBOOK://open/rollback-api?service={value}")]);
        assert!(ran.out.contains("refused:") && ran.out.contains("needed"), "{value}: {}", ran.out);
        assert!(ran.out.contains("exec rollback-api -p service=… --dry-run"), "{value}: {}", ran.out);
        assert!(!ran.out.contains("-p 'service") && !ran.out.contains('\u{202e}'), "{value}: {}", ran.out);
    }
    // A parameter without a pattern takes them, as one word.
    let free = place.expect(0, &["open", "https://h/open/rollback-api?service=a&to=%24(id)+%27"]);
    assert!(free.out.contains(r#"-p 'to=$(id) '\'''"#), "{}", free.out);
    for link in [
        "https://good@evil.example/open/rollback-api",
        "javascript:alert(1)",
        "https://h/open/../rollback-api",
        "https://h/open/a%2fb",
        "https://h/open/rollback-api%00",
        "https://h\\x/open/rollback-api",
        "https://h/other",
        "rollback-api",
        "https://h/open/main.rhai",
        "",
    ] {
        place.expect(2, &["open", "--", link]).says(&["nothing was run (RB0043)"]);
    }
    place.expect(2, &["open", "https://h/open/rollback-api", "https://h/open/rollback-api"]);
    place.expect(2, &["open", "--yes"]);
}

#[test]
fn a_link_that_was_made_is_one_that_opens() {
    let place = place();
    let made = place.expect(0, &["link", "rollback-api", "service=check-out", "to=a b&c=é", "--base", "https://h"]).out;
    assert_eq!(made, "https://h/open/rollback-api?service=check-out&to=a%20b%26c%3D%C3%A9\n");
    let opened = place.expect(0, &["open", made.trim(), "--output", "json"]).out;
    let opened: serde_json::Value = serde_json::from_str(&opened).unwrap();
    assert_eq!(opened["values"]["to"], serde_json::json!({ "value": "a b&c=é", "origin": "link" }));
    place.expect(2, &["link", "rollback-api", "service=NO", "--base", "https://h"]).says(&["does not take"]);
    place.expect(2, &["link", "rollback-api", "servcie=x", "--base", "https://h"]).says(&["did you mean `service`?"]);
    place.expect(2, &["link", "rollback-api", "service=x", "--base", "ftp://h"]).says(&["no address of a page"]);
    place.expect(0, &["link", "rollback-api", "--base", "https://h"]).says(&["has to fill in `service`"]);
}
