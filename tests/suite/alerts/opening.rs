use std::process::Command;

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
        "ignored, no such parameter: `execute`, `yes`, `dry_run`\n",
        "Nothing was run",
        "exec rollback-api -p service=checkout --dry-run",
    ] {
        assert!(ran.out.contains(says), "{says}\n{}", ran.out);
    }
    assert_eq!(place.ledger(), Vec::<String>::new());
    assert!(!place.state().join("runs").exists(), "no run was begun");
}

#[test]
fn what_is_ignored_is_said_with_its_reason() {
    let place = place();
    let link = "https://ops.example/open/rollback-api?service=checkout&service=other&execute=true";
    let ran = place.expect(0, &["open", "--", link]);
    ran.says(&["service = checkout", "given twice, and the first one counts: `service`\n", "no such parameter: `execute`\n"]);
}

#[test]
fn by_the_name_of_an_alert_labels_are_mapped() {
    let place = place();
    let ran = place.expect(0, &["open", "https://h/alert/apislow?team=pay&svc=checkout&to=1.2"]);
    assert!(ran.out.contains("service = checkout") && ran.out.contains("to =   (fallback)"), "{}", ran.out);
    place.expect(2, &["open", "https://h/alert/Other?team=other"]).says(&["no runbook serves the alert `Other`"]);
    // One that serves it with other labels is named, and what stands in its way.
    let other = place.expect(2, &["open", "https://h/alert/ApiSlow?team=other"]);
    other.says(&["`rollback-api`", "serves it where `team` is `pay`: here it is `other`", "nothing was run (RB0043)"]);
    other.is_silent_about(&["no runbook serves"]);
    place.expect(2, &["open", "https://h/alert/ApiSlow"]).says(&["where `team` is `pay`: the alert has no label `team`"]);
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

/// What a shell makes of a line: its words.
fn words(line: &str) -> Vec<String> {
    let script = format!("runbook() {{ printf '%s\\0' \"$@\"; }}\n{line}");
    let output = Command::new("sh").args(["-c", &script]).env_clear().output().expect("sh");
    assert!(output.status.success(), "{line}");
    String::from_utf8(output.stdout).expect("text").split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn whatever_a_value_holds_it_comes_back_and_is_one_word_of_the_command() {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    let place = place();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let any = "[ -~]{0,20}|[é漢🦀'\"`$\\\\&?#%+;|<>*!~{}]{1,12}|-[-a-z ]{0,6}|%[0-9a-f]{2}";
    let values = (0..40).map(|_| any.new_tree(&mut runner).expect("a value").current());
    for value in values.filter(|value| !value.is_empty()) {
        let made = place.expect(0, &["link", "rollback-api", "service=x", &format!("to={value}"), "--base", "https://h"]).out;
        let opened = place.expect(0, &["open", made.trim_end(), "--output", "json"]).out;
        let opened: serde_json::Value = serde_json::from_str(&opened).expect("JSON");
        assert_eq!(opened["values"]["to"]["value"], value.as_str(), "{made}");
        let words = words(opened["command"].as_str().expect("a command"));
        assert_eq!(words[..3], ["exec", "rollback-api", "-p"], "{words:?}");
        assert!(words.contains(&format!("to={value}")) && words.last().is_some_and(|last| last == "--dry-run"), "{words:?}");
        assert_eq!(words.len(), 7, "{words:?}");
    }
    // And the command is one that can be typed.
    let opened = place.expect(0, &["open", "https://h/open/rollback-api?service=x&to=a+b%27%24(id)", "--output", "json"]).out;
    let opened: serde_json::Value = serde_json::from_str(&opened).expect("JSON");
    let words = words(opened["command"].as_str().expect("a command"));
    place.expect(0, &words.iter().map(String::as_str).collect::<Vec<_>>()).says(&["rehearsed"]);
    assert_eq!(place.ledger(), Vec::<String>::new());
}

#[test]
fn a_link_from_elsewhere_is_said_to_be_one_and_a_page_may_live_below_a_path() {
    let place = place();
    place.write("runbook.toml", "[serve]\nurl = \"https://ops.example/runbook\"\n");
    let made = place.expect(0, &["link", "rollback-api", "service=x"]).out;
    assert_eq!(made, "https://ops.example/runbook/open/rollback-api?service=x\n");
    let ours = place.expect(0, &["open", made.trim_end()]).out;
    assert!(ours.contains("service = x") && !ours.contains("elsewhere"), "{ours}");
    for other in [
        "https://ops.example.evil/runbook/open/x",
        "https://ops.example/open/rollback-api?service=x",
        "https://evil/open/rollback-api",
    ] {
        let ran = place.run(&["open", other]);
        assert!(
            ran.code == Some(2) || ran.out.contains("the page of this repository is https://ops.example/runbook"),
            "{other}: {ran}"
        );
    }
    let ours = place.expect(0, &["open", "runbook://open/rollback-api?service=x"]).out;
    assert!(!ours.contains("elsewhere"), "{ours}");
}

#[test]
fn enormous_links_and_links_that_are_no_text_are_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let place = place();
    for link in [
        format!("https://h/open/rollback-api?service={}", "x".repeat(100_000)),
        format!("https://h/open/rollback-api?{}", "a=b&".repeat(300)),
        format!("https://h/open/{}", "%25".repeat(5_000)),
        format!("https://h/{}open/rollback-api", "../".repeat(100)),
    ] {
        place.expect(2, &["open", "--", &link]).says(&["nothing was run (RB0043)"]);
    }
    for odd in [&b"https://h/open/rollback-api?service=\xff"[..], b"\xed\xa0\x80"] {
        let mut command = place.command(&["open", "--"]);
        let output = command.arg(std::ffi::OsStr::from_bytes(odd)).output().expect("runbook");
        assert_eq!(output.status.code(), Some(2), "{odd:?}");
    }
    assert!(!place.state().join("runs").exists(), "no run was begun");
}
