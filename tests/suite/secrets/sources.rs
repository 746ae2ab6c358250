//! Sources that give nothing, or something else than before.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Place, Ran};

const USES: &str = r#"
command("first", #{ run: ["sh", "-c", "echo first >> ledger"], rollback: "nothing" });
command("use", #{ run: ["sh", "-c", "test -e open && test \"$PW\" = \"$(cat wanted)\" && echo used >> ledger"], env: #{ PW: secret("db/password") }, rollback: "nothing" });
"#;

fn file_source() -> Place {
    let place = Place::with(USES);
    place.write("runbook.toml", "[secrets]\n\"db/password\" = { file = \"private/pw\" }\n");
    plant(&place, "first-password-1");
    place
}

fn plant(place: &Place, value: &str) {
    place.private("private/pw", value);
    place.write("wanted", value);
}

#[test]
fn a_secret_without_a_source_is_found_before_anything_runs() {
    let place = Place::with(USES);
    place.expect(2, &["check"]).says(&["error[RB0034]", "the secret `db/password` has no source", "main.rhai:4"]);
    place.expect(2, &["exec", "main"]).says(&["RB0034", "runbook.toml", "nothing was run"]);
    assert!(place.ledger().is_empty());
    place.write("runbook.toml", "[env.production.secrets]\n\"db/*\" = { command = [\"false\"] }\n");
    place.expect(0, &["check"]);
    place
        .expect(1, &["exec", "main", "--env", "production"])
        .says(&["the secret `db/password` cannot be had from the command false"]);
    assert_eq!(place.ledger(), ["first"], "the step that needs it did not begin");
}

#[test]
fn a_rehearsal_looks_for_what_the_withheld_steps_will_need() {
    let place = file_source();
    place.expect(0, &["exec", "main", "--dry-run"]).says(&["with PW=‹secret db/password›"]).is_silent_about(&["cannot be had"]);
    std::fs::set_permissions(place.path("private/pw"), std::fs::Permissions::from_mode(0o644)).expect("ours");
    place.expect(0, &["exec", "main", "--dry-run"]).says(&["others can read or write it (mode 0644): chmod 600"]);
    std::fs::remove_file(place.path("private/pw")).expect("ours");
    place.expect(0, &["exec", "main", "--dry-run"]).says(&["cannot be had from the file", "it does not exist"]);
    assert!(place.ledger().is_empty());
}

#[test]
fn a_resumed_run_fetches_it_again_and_says_when_it_changed() {
    let place = file_source();
    place.expect(1, &["exec", "main"]);
    place.expect(1, &["resume"]).is_silent_about(&["another value"]);
    plant(&place, "second-password-2");
    place.write("open", "");
    place.expect(0, &["resume"]).says(&["‹secret db/password› has another value than this run used before"]);
    assert_eq!(place.ledger(), ["first", "used"]);
    let journal = place.journal();
    let prints: Vec<_> = journal
        .iter()
        .map(|record| &record["change"]["run"]["secrets"][0])
        .filter_map(|used| Some((used.get("print")?.clone(), used["changed"] == true)))
        .collect();
    assert_eq!(prints.len(), 3);
    assert_eq!((prints[0].0 == prints[1].0, prints[1].0 == prints[2].0), (true, false));
    assert_eq!([prints[0].1, prints[1].1, prints[2].1], [false, false, true]);
    let git = place.git(&["log", "--all", "--name-only", "--format="]);
    assert!(!git.contains("secret.key"), "{git}");
}

/// The engine that goes on has a memory of its own: what the dead one had used stands in a file now.
#[test]
fn what_an_earlier_session_used_is_hidden_from_the_first_look_of_the_next() {
    let place = Place::with(
        r#"
        command("keep", #{ write: #{ path: "kept.conf", content: ["pw=", secret("x/kept")] } });
        command("gate", #{ run: ["test", "-e", "open"], rollback: "nothing" });
        check("read it", || fs::read("kept.conf"));
        command("print it", #{ run: ["cat", "kept.conf"], rollback: ["cat", "kept.conf"] });
        "#,
    );
    let source = r#"[secrets]
"x/*" = { command = ["sh", "-c", "echo asked >> ledger; test ! -e down && echo value-of-$1", "sh"] }
"#;
    place.write("runbook.toml", source);
    place.expect(1, &["exec", "main"]);
    assert_eq!(place.ledger(), ["asked"]);
    place.write("open", "");
    place.expect(0, &["resume", "-v"]).says(&["pw=‹secret x/kept›"]).is_silent_about(&["value-of-x"]);
    assert_eq!(place.ledger(), ["asked", "asked"], "once a session");
    let journal = std::fs::read_to_string(place.journal_path()).expect("a journal");
    assert!(!journal.contains("value-of-x"), "{journal}");
    // While the store of secrets is down a rollback is possible, and says what it cannot do.
    place.write("down", "");
    place.expect(6, &["rollback", &place.newest_run()]).says(&["cannot be hidden where it turns up now", "`x/kept`"]);
    assert!(!place.path("kept.conf").exists());
}

#[test]
fn a_secret_that_is_too_short_is_refused() {
    let place = file_source();
    plant(&place, "abc12");
    let refused = place.expect(2, &["exec", "main"]);
    refused.says(&["cannot be used: it has fewer than 6 characters", "nothing was run"]).is_silent_about(&["abc12"]);
}

#[test]
fn a_secret_among_the_parameters_is_refused_before_anything_is_written() {
    let place = Place::with(&format!("let p = runbook(#{{ title: \"T\", params: #{{ pw: #{{}} }} }});\n{USES}"));
    place.write("runbook.toml", "[secrets]\n\"db/password\" = { env = \"DB_PASSWORD\" }\n");
    let mut command = place.command(&["exec", "main", "-p", "pw=x-typed-password-x"]);
    command.env("DB_PASSWORD", "typed-password");
    let ran = Ran::of(command);
    assert_eq!(ran.code, Some(2), "{ran}");
    ran.says(&["the parameter `pw` holds the value of a secret", "x-‹secret db/password›-x"])
        .is_silent_about(&["typed-password"]);
    assert!(
        !place.state().join("runs").exists() || std::fs::read_dir(place.state().join("runs")).expect("ours").next().is_none()
    );
}

#[test]
fn mistakes_in_the_configuration_are_found_with_their_lines() {
    let place = Place::with("check(\"x\", || true);");
    for (toml, words) in [
        ("\"a\" = \"the-value-itself\"", "the source of `a` wants a table"),
        ("\"a\" = { env = \"A\", file = \"b\" }", "wants one of `env`, `file`, `command` and `age`"),
        ("\"a\" = { }", "wants one of"),
        ("\"a/*\" = { env = \"A\" }", "the pattern `a/*` wants a `command`"),
        ("\"../a\" = { env = \"A\" }", "`../a` is no name of a secret"),
        ("\"a\" = { env = \"A\", tmeout = \"1s\" }", "unknown key `tmeout` in the source of `a`"),
        ("\"a\" = { command = [] }", "names no program"),
        ("\"a\" = { command = [\"x\"], timeout = \"soon\" }", "`timeout`"),
        ("\"a\" = { env = \"A=B\" }", "no name of a variable"),
    ] {
        place.write("runbook.toml", &format!("[secrets]\n{toml}\n"));
        place.expect(2, &["list"]).says(&[words, "runbook.toml"]).is_silent_about(&["the-value-itself"]);
    }
}
