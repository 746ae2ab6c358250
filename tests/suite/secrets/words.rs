//! What a script can do with a secret: hand it over, and nothing else.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Place, Ran};

const VALUE: &str = "words-of-a-secret-91";

fn place(source: &str) -> Place {
    let place =
        Place::with(&format!("let s = secret(\"db/password\");\nrunbook(#{{ title: \"T\", owner: \"t\" }});\n{source}\n"));
    place.write("runbook.toml", "[secrets]\n\"db/password\" = { env = \"DB_PASSWORD\" }\n\"other\" = { env = \"OTHER\" }\n");
    place
}

#[track_caller]
fn run(place: &Place, code: i32, arguments: &[&str]) -> Ran {
    let mut command = place.command(arguments);
    command.env("DB_PASSWORD", VALUE).env("OTHER", "another-of-them-17");
    let ran = Ran::of(command);
    assert_eq!(ran.code, Some(code), "{ran}");
    ran.is_silent_about(&[VALUE]);
    ran
}

#[test]
fn it_cannot_become_text() {
    for source in [
        "let x = `password ${s}`; command(\"x\", #{ run: [\"touch\", x] });",
        "let x = \"password \" + s; command(\"x\", #{ run: [\"touch\", x] });",
        "let x = s + \"x\"; command(\"x\", #{ run: [\"touch\", x] });",
        "let x = \"a\"; x += s; command(\"x\", #{ run: [\"touch\", x] });",
        "print(s);",
        "debug(s);",
        "print([1, s]);",
        "let x = s.to_string(); command(\"x\", #{ run: [\"touch\", x] });",
        "let x = #{ a: [s] }.to_json(); command(\"x\", #{ run: [\"touch\", x] });",
        "if s == \"x\" { command(\"x\", #{ run: [\"touch\", \"x\"] }); }",
        "if s != secret(\"other\") { command(\"x\", #{ run: [\"touch\", \"x\"] }); }",
        "if \"a\" < s { command(\"x\", #{ run: [\"touch\", \"x\"] }); }",
        "if [s].contains(s) { command(\"x\", #{ run: [\"touch\", \"x\"] }); }",
        "try { let x = `${s}`; } catch { command(\"x\", #{ run: [\"touch\", \"x\"] }); }",
        "command(\"x\", #{ http: #{ url: s } });",
        "command(\"x\", #{ run: [\"touch\", \"x\"], cwd: s });",
        "command(\"x\", #{ run: [\"touch\", \"x\"], timeout: s });",
    ] {
        let place = place(source);
        let ran = run(&place, 2, &["exec", "main"]);
        ran.says(&["RB0032", "main.rhai:3"]);
        assert!(!place.path("x").exists(), "{source}");
    }
}

#[test]
fn it_cannot_be_recorded_or_named() {
    run(&place("check(\"x\", || secret(\"db/password\"));"), 1, &["exec", "main"]).says(&["RB0017", "a secret"]);
    run(&place("check(\"x\", || #{ a: [secret(\"db/password\")] });"), 1, &["exec", "main"]).says(&["RB0017"]);
    run(&place("command(s, #{ run: [\"true\"] });"), 2, &["exec", "main"]).says(&["wants a name", "a secret"]);
    run(&place("confirm(\"x\", #{ details: s });"), 2, &["exec", "main"]).says(&["RB0032"]);
    run(&place("let x = secret(\"a b\");"), 2, &["check"]).says(&["RB0005", "`a b` is no name of a secret", "main.rhai:3"]);
}

#[test]
fn it_is_refused_in_arguments() {
    for source in [
        "let a = [\"touch\", s]; command(\"x\", #{ run: a });",
        "let a = [\"touch\", [\"x\", s]]; command(\"x\", #{ run: a });",
        "command(\"x\", #{ run: sh(\"touch $pw\", #{ pw: s }) });",
        "command(\"x\", #{ run: [\"true\"], rollback: [\"touch\", s] });",
        "command(\"x\", #{ run: [\"true\"], rollback: [[\"true\"], [\"touch\", s]] });",
        "check(\"x\", || exec::output([\"touch\", s]).stdout);",
    ] {
        let ran = run(&place(source), if source.starts_with("check") { 1 } else { 2 }, &["exec", "main"]);
        ran.says(&["RB0033", "main.rhai:3"]);
    }
    // Found without running anything where it can be seen.
    run(&place("if false { command(\"x\", #{ run: [\"touch\", secret(\"db/password\")] }); }"), 2, &["check"])
        .says(&["RB0033", "main.rhai:3:"]);
    run(&place("if false { print(`x ${secret(\"db/password\")}`); }"), 2, &["check"]).says(&["RB0032", "main.rhai:3:"]);
}

/// A value that came into the script by another way is the same secret.
#[test]
fn a_value_that_was_read_elsewhere_is_hidden_as_well_and_refused_as_an_argument() {
    let place = place(
        r#"
        let read = check("read", || fs::read("leaked"));
        check("environment", || env::get("DB_PASSWORD"));
        print(read);
        command("harmless", #{ run: ["sh", "-c", "echo \"$1\" > shown", "sh", read], rollback: "nothing" });
        "#,
    );
    place.write("leaked", VALUE);
    run(&place, 0, &["exec", "main"]).says(&["‹secret db/password›"]);
    assert_eq!(place.read("shown").trim(), "‹secret db/password›", "the script never had it");
    place.runbook("main", &format!("runbook(#{{ title: \"T\" }});\ncommand(\"x\", #{{ run: [\"touch\", \"{VALUE}\"] }});"));
    run(&place, 1, &["exec", "main"]).says(&["the value of ‹secret db/password› stands in it as text"]);
    assert!(!place.path(VALUE).exists());
    place.runbook("main", &format!("runbook(#{{ title: \"T\" }});\ncommand(\"{VALUE}\", #{{ run: [\"true\"] }});"));
    run(&place, 2, &["exec", "main"]).says(&["is written down"]);
}

#[test]
fn a_file_of_secrets_is_for_its_owner_alone() {
    let place = place(r#"command("w", #{ write: #{ path: "f", content: ["a=", s, "\n"] } });"#);
    place.write("f", "before");
    std::fs::set_permissions(place.path("f"), std::fs::Permissions::from_mode(0o644)).expect("ours");
    run(&place, 0, &["exec", "main"]);
    let mode = || std::fs::metadata(place.path("f")).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((place.read("f"), mode()), (format!("a={VALUE}\n"), 0o600));
    run(&place, 6, &["rollback", &place.newest_run()]);
    assert_eq!((place.read("f"), mode()), ("before".to_owned(), 0o644));
    let open = self::place(r#"command("w", #{ write: #{ path: "f", content: s, mode: 0o640 } });"#);
    run(&open, 2, &["exec", "main"]).says(&["for its owner alone, and 0640 is not", "chown"]);
}
