//! Bad input: a clear error that names the thing, the place and the way out, its own exit code, and nothing half-run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::Place;

const EFFECT: &str = r#"command("first", #{ run: ["sh", "-c", "echo ran >> ledger"], rollback: "nothing" });
"#;

/// The runbook is refused before its first step: code 2, the texts are said, nothing ran.
#[track_caller]
fn refused(source: &str, texts: &[&str]) {
    let place = Place::with(source);
    place.expect(2, &["exec", "main"]).says(texts);
    assert_eq!(place.ledger(), Vec::<String>::new());
}

#[test]
fn an_unknown_runbook_names_near_ones() {
    let place = Place::new();
    place.runbook("rollback-api", EFFECT);
    // What is behind `next:` can be typed.
    place.expect(2, &["exec", "rolback-api"]).says(&["rolback-api", "\ndid you mean `rollback-api`?\nnext: runbook list\n"]);
    let by_path = place.expect(2, &["exec", "runbooks/rolback-api.rhai"]);
    by_path.says(&[
        "there is no file `runbooks/rolback-api.rhai`",
        "\ndid you mean `runbooks/rollback-api.rhai`?\nnext: runbook list\n",
    ]);
    by_path.is_silent_about(&["os error"]);
    place.expect(2, &["exec", "../../etc/passwd"]).says(&["../../etc/passwd"]);
}

#[test]
fn parameters_are_checked_before_anything_runs() {
    let source =
        r#"runbook(#{ title: "T", owner: "o", params: #{ count: #{ type: "int", min: 1 }, name: #{ pattern: "[a-z]+" } } });
"#
        .to_owned()
            + EFFECT;
    let place = Place::with(&source);
    place.expect(2, &["exec", "main"]).says(&["`count` is required", "`name` is required"]);
    place.expect(2, &["exec", "main", "-p", "count=x", "-p", "name=a;b", "-p", "cuont=1"]).says(&[
        "whole number",
        "pattern [a-z]+",
        "did you mean `count`",
    ]);
    assert_eq!(place.ledger(), Vec::<String>::new());
    place.expect(0, &["exec", "main", "-p", "count=3", "-p", "name=ok"]);
}

#[test]
fn a_misspelt_option_is_found_at_its_line_before_the_first_effect() {
    let source = EFFECT.to_owned() + "command(\"second\", #{\n    run: [\"true\"],\n    timout: \"10s\",\n});\n";
    refused(&source, &["timout", "did you mean `timeout`", "main.rhai", "5"]);
}

#[test]
fn a_syntax_error_in_an_imported_module_is_drawn_there() {
    let place = Place::new();
    place.write("runbooks/lib/broken.rhai", "fn fine() { 1 }\nfn broken( { 2 }\n");
    place.runbook("main", "import \"lib/broken\" as broken;\n");
    place.expect(2, &["exec", "main"]).says(&["lib/broken.rhai:2", "fn broken("]);
}

#[test]
fn an_unknown_function_is_found_before_the_first_effect() {
    refused(&(EFFECT.to_owned() + "comand(\"x\", #{ run: [\"true\"] });"), &["comand", "did you mean `command`"]);
}

#[test]
fn observations_belong_into_checks() {
    let place = Place::with("let x = fs::read(\"a\");");
    place.expect(2, &["exec", "main"]).says(&["fs::read", "check", "main.rhai:2"]);
}

#[test]
fn hostile_scripts_are_stopped() {
    for (source, text) in [
        ("loop { }", "operations"),
        ("fn f(n) { f(n + 1) } f(0);", "call"),
        ("let s = \"x\"; loop { s += s; }", ""),
        ("let x = eval(\"1\");", "eval"),
        ("sleep(1);", "sleep"),
    ] {
        let place = Place::with(source);
        let ran = place.run(&["exec", "main"]);
        assert!(matches!(ran.code, Some(1 | 2)), "{source}: {ran}");
        ran.says(&[text, "main.rhai"]);
    }
}

#[test]
fn a_program_that_does_not_exist_fails_its_step_and_changes_nothing() {
    let place = Place::with(r#"command("typo", #{ run: ["mkdri", "x"], rollback: "nothing" });"#);
    place.expect(1, &["exec", "main"]).says(&["mkdri", "`mkdir`"]);
}

#[test]
fn binary_output_is_kept_and_shown_escaped() {
    let place = Place::with(
        r#"command("noise", #{ run: sh("head -c 3000 /dev/urandom; printf '\\033]0;title\\007\\033[2J\\xe2\\x80\\xae'; exit 3", #{}), rollback: "nothing" });"#,
    );
    let ran = place.expect(1, &["exec", "main"]);
    assert!(
        !ran.err.contains('\u{1b}') && !ran.err.contains('\u{202e}') && !ran.err.contains('\u{7}'),
        "{}",
        ran.err.escape_debug()
    );
    assert!(place.journal().len() >= 4);
}

#[test]
fn a_state_directory_that_cannot_be_used_is_refused() {
    let place = Place::with(EFFECT);
    place.write("occupied", "a file");
    place.expect(2, &["--state-dir", "occupied", "exec", "main"]).says(&["occupied"]);
    let open = place.path("open-to-all");
    fs::create_dir(&open).expect("a directory");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("a mode");
    place.expect(2, &["--state-dir", "open-to-all", "exec", "main"]).says(&["open-to-all"]);
    place.expect(2, &["--state-dir", "/proc/nowhere", "exec", "main"]).says(&["/proc/nowhere"]);
    assert_eq!(place.ledger(), Vec::<String>::new());
}

#[test]
fn a_corrupt_audit_repository_is_found_before_the_first_step() {
    let place = Place::with(EFFECT);
    place.expect(0, &["exec", "main"]);
    fs::write(place.state().join("audit.git/refs/heads/main"), "0123456789012345678901234567890123456789\n")
        .expect("a broken ref");
    let ran = place.run(&["exec", "main"]);
    assert_eq!(ran.code, Some(11), "{ran}");
    assert_eq!(place.ledger(), ["ran"]);
    place.expect(0, &["exec", "main", "--unsealed", "the archive is broken, tracked elsewhere"]);
    assert_eq!(place.ledger(), ["ran", "ran"]);
}

#[test]
fn a_configuration_error_names_file_line_and_the_way_out() {
    let place = Place::with(EFFECT);
    place.write("runbook.toml", "stat_dir = \"x\"\n");
    place.expect(2, &["list"]).says(&["runbook.toml", "stat_dir", "did you mean `state_dir`"]);
}

#[test]
fn usage_errors_have_code_2() {
    let place = Place::new();
    place.expect(2, &["exce"]);
    place.expect(2, &["exec"]);
    place.expect(2, &["resume", "nonsense"]);
}
