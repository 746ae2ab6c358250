//! Secrets of steps on a host: fetched, guarded and remembered as those of steps here.

use crate::support::Place;

use super::place;
use super::sshd::Hosts;

/// A place whose password lies in a file.
fn with_password(hosts: &Hosts, source: &str) -> Place {
    let place = place(hosts, &source.replace("DIR", &hosts.path("").display().to_string()));
    let toml = place.read("runbook.toml");
    place.write("runbook.toml", &format!("{toml}\n[secrets]\n\"db/password\" = {{ file = \"private/pw\" }}\n"));
    place.private("private/pw", "first-password-1");
    place
}

#[test]
fn a_value_in_an_argument_is_refused_on_a_host_as_well() {
    let hosts = Hosts::start(&["web-1"]);
    let source = r#"command("shown", #{ on: "web-1", run: ["touch", "DIR/first-password-1"], rollback: "nothing" });"#;
    let place = with_password(&hosts, source);
    place.expect(1, &["exec", "main"]).says(&["the value of ‹secret db/password› stands in it as text"]);
    assert!(!hosts.path("first-password-1").exists(), "every user of the host could have read it");
}

#[test]
fn a_step_on_a_host_behind_a_rotation_gets_the_new_value_and_says_so() {
    let hosts = Hosts::start(&["web-1"]);
    let source = r#"
        let note = #{ on: "web-1", run: ["sh", "-c", "echo \"$PW\" >> DIR/noted"], env: #{ PW: secret("db/password") }, rollback: "nothing" };
        command("before", note);
        command("rotate", #{ run: ["sh", "-c", "echo second-\"$(cat other)\" > private/pw"], rollback: "nothing" });
        command("behind", note);
    "#;
    let place = with_password(&hosts, source);
    place.write("other", "password-2");
    place.expect(0, &["exec", "main"]).says(&["‹secret db/password› has another value than this run used before"]);
    let noted = std::fs::read_to_string(hosts.path("noted")).expect("two lines");
    assert_eq!(noted, "first-password-1\nsecond-password-2\n");
}

#[test]
fn what_an_earlier_session_used_on_a_host_is_hidden_from_the_next() {
    let hosts = Hosts::start(&["web-1"]);
    let source = r#"
        command("keep", #{ on: "web-1", run: ["sh", "-c", "cat > DIR/kept"], stdin: secret("x/kept"), rollback: "nothing" });
        command("gate", #{ run: ["test", "-e", "open"], rollback: "nothing" });
        command("print it", #{ on: "web-1", run: ["cat", "DIR/kept"], rollback: "nothing" });
    "#;
    let place = with_password(&hosts, source);
    let toml = place.read("runbook.toml");
    let asked = r#""x/kept" = { command = ["sh", "-c", "echo asked >> ledger; echo value-of-kept"] }"#;
    place.write("runbook.toml", &format!("{toml}{asked}\n"));
    place.expect(1, &["exec", "main"]);
    assert_eq!(place.ledger(), ["asked"]);
    place.write("open", "");
    place.expect(0, &["resume", "-v"]).says(&["‹secret x/kept›"]).is_silent_about(&["value-of-kept"]);
    assert_eq!(place.ledger(), ["asked", "asked"], "once a session");
    let journal = std::fs::read_to_string(place.journal_path()).expect("a journal");
    assert!(!journal.contains("value-of-kept"), "{journal}");
}

#[test]
fn a_rehearsal_looks_for_the_secrets_of_steps_on_hosts() {
    let hosts = Hosts::start(&["web-1"]);
    let source = r#"command("feed", #{ on: "web-1", run: ["cat"], stdin: secret("x/none"), rollback: "nothing" });"#;
    let place = with_password(&hosts, source);
    let toml = place.read("runbook.toml");
    place.write("runbook.toml", &format!("{toml}\"x/none\" = {{ command = [\"false\"] }}\n"));
    place.expect(0, &["exec", "main", "--dry-run"]).says(&["the secret `x/none` cannot be had from the command false"]);
}
