//! `runbook exec`: every action is written down before and after it happens.

use crate::support::Place;

const TWO_STEPS: &str = r#"
let text = check("there is a greeting", || "hello");
let done = command("greet", #{ run: ["sh", "-c", "echo greet >> ledger; echo said $0", text], rollback: "nothing" });
check("it was said", || done.stdout == "said hello");
"#;

#[test]
fn a_run_does_its_steps_and_says_so() {
    let place = Place::with(TWO_STEPS);
    let ran = place.expect(0, &["exec", "main"]);
    ran.says(&["there is a greeting", "greet", "it was said", "completed", &place.newest_run()]);
    assert_eq!(place.ledger(), ["greet"]);
}

#[test]
fn the_intent_is_written_before_and_the_outcome_after() {
    let place = Place::with(
        r#"command("look at the journal", #{ run: sh("cp .runbook/runs/*/journal.jsonl seen", #{}), rollback: "nothing" });"#,
    );
    place.expect(0, &["exec", "main"]);
    let seen = place.read("seen");
    assert!(seen.lines().last().is_some_and(|line| line.contains("step_intended")), "{seen}");
    assert!(!seen.contains("step_ended"));
    assert_eq!(place.entries(), ["run_started", "session_started", "step_intended", "step_ended", "session_ended"]);
}

#[test]
fn every_line_of_the_journal_can_be_checked_with_plain_tools() {
    let place = Place::with(TWO_STEPS);
    place.expect(0, &["exec", "main"]);
    let script = r#"prev=$(printf '0%.0s' $(seq 64)); while IFS= read -r line; do
        d=$(printf '%s' "${line%,\"digest\":*}" | sha256sum | cut -d' ' -f1)
        case "$line" in "{\"prev\":\"$prev\""*",\"digest\":\"$d\"}") prev=$d;; *) echo "broken: $line"; exit 1;; esac
        done < "$1""#;
    let output =
        std::process::Command::new("bash").args(["-c", script, "bash"]).arg(place.journal_path()).output().expect("bash");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_runbook_can_be_named_by_its_path() {
    let place = Place::with(TWO_STEPS);
    place.expect(0, &["exec", "runbooks/main.rhai"]).says(&["completed"]);
}

#[test]
fn json_is_all_that_stdout_carries() {
    let place = Place::with(TWO_STEPS);
    let ran = place.expect(0, &["--output", "json", "exec", "main"]);
    let events: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).expect("an event is JSON")).collect();
    assert_eq!(events.len(), place.journal().len());
    for (at, event) in events.iter().enumerate() {
        assert_eq!((&event["v"], &event["seq"]), (&1.into(), &at.into()));
        assert!(event["run"] == place.newest_run().as_str() && event["at"].as_str().is_some_and(|at| at.ends_with('Z')));
    }
}

#[test]
fn phases_loops_functions_and_modules_work() {
    let place = Place::new();
    place.write(
        "runbooks/lib/greeting.rhai",
        "fn say(who) { command(`greet ${who}`, #{ run: [\"sh\", \"-c\", `echo ${who} >> ledger`], rollback: \"nothing\" }); }",
    );
    place.runbook(
        "main",
        r#"import "lib/greeting" as greeting;
        phase("Greet", #{ budget: "1m" }, || { for who in ["ann", "bob", "ann"] { greeting::say(who); } });"#,
    );
    place.expect(0, &["exec", "main"]).says(&["Greet", "greet ann", "greet bob"]);
    assert_eq!(place.ledger(), ["ann", "bob", "ann"]);
    let paths: Vec<_> = place
        .journal()
        .iter()
        .filter(|r| r["type"] == "step_ended")
        .map(|r| r["path"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(paths, ["Greet/greet ann", "Greet/greet bob", "Greet/greet ann#2"]);
}

#[test]
fn values_reach_a_shell_as_arguments_and_never_as_code() {
    let place = Place::with(
        r#"let p = runbook(#{ title: "T", owner: "o", params: #{ text: #{ type: "string" } } });
        command("say it", #{ run: sh("printf '%s\n' \"$text\" >> ledger", #{ text: p.text }), rollback: "nothing" });"#,
    );
    let hostile = "'; touch owned; $(touch owned) `touch owned` \" -rf";
    place.expect(0, &["exec", "main", "-p", &format!("text={hostile}")]);
    assert_eq!(place.ledger(), [hostile]);
    assert!(!place.path("owned").exists());
}

#[test]
fn a_past_run_is_shown_again_from_its_journal() {
    let place = Place::with(TWO_STEPS);
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    place.expect(0, &["show", &run[..20]]).says(&["there is a greeting", "greet", "completed"]);
    place.expect(0, &["runs"]).says(&[&run, "main", "completed"]);
    place.expect(0, &["list"]).says(&["main", "Test"]);
    place.expect(0, &["show", "main"]).says(&["Test", "team"]);
}

#[test]
fn a_token_in_the_environment_reaches_the_command_and_nothing_that_is_written() {
    let place = Place::with(
        r#"command("use the token", #{ run: sh("test \"$TOKEN\" = \"$(cat expected)\" && test -z \"$OTHER\"", #{}), rollback: "nothing" });"#,
    );
    let token = "canary-7261-bird";
    place.write("runbook.toml", "pass_env = [\"TOKEN\"]\n");
    place.write("expected", token);
    let output = place.command(&["exec", "main"]).env("TOKEN", token).env("OTHER", token).output().expect("the binary starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found = std::process::Command::new("grep").args(["-r", token]).arg(place.state()).output().expect("grep");
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    // The trail is compressed: git itself has to look.
    assert!(!place.git(&["log", "--all", "-p", "--format=%B"]).contains(token));
}

#[test]
fn the_state_is_no_part_of_the_repository_that_it_lies_in() {
    let place = Place::with(TWO_STEPS);
    place.expect(0, &["exec", "main"]);
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git").args(arguments).current_dir(place.path("")).output().expect("git");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    git(&["init", "--quiet"]);
    let status = git(&["status", "--porcelain", "--untracked-files=all"]);
    assert!(status.contains("runbook.toml") && !status.contains(".runbook/"), "{status}");
}
