//! What a rehearsal shows, keeps apart, remembers, and is required for.

use crate::support::Place;

/// Two environments, one of which wants a rehearsal.
const ENVIRONMENTS: &str = r#"
[env.staging.settings]
port = 1
[env.production]
protected = true
require_rehearsal = "7d"
[env.production.settings]
port = 2
"#;

const STEPS: &str = r#"
let seen = check("the note is there", || fs::read("note"));
command("write", #{ run: ["sh", "-c", "echo x >> ledger"], rollback: ["sh", "-c", "echo back >> ledger"] });
"#;

fn place(toml: &str) -> Place {
    let place = Place::with(STEPS);
    place.write("runbook.toml", toml);
    place.write("note", "hello\n");
    place
}

/// The plan that the newest run has made.
fn plan(place: &Place) -> serde_json::Value {
    place.journal().into_iter().find(|record| record["type"] == "plan_made").expect("a plan")
}

#[test]
fn the_program_of_a_check_cannot_write_and_the_reason_is_said() {
    let place = Place::with(
        r#"
        check("it only looks", || exec::output(["cat", "note"]).stdout == "hello");
        check("it writes", || exec::output(["sh", "-c", "echo x > made"]).code == 0, #{ advisory: true });
        check("it removes", || exec::output(["rm", "note"]).code == 0, #{ advisory: true });
        check("it puts aside", || exec::output(["sh", "-c", "f=$(mktemp) && echo x > $f && cat $f && rm $f"]).stdout == "x");
        "#,
    );
    place.write("note", "hello\n");
    let before = place.photograph();
    let ran = place.expect(0, &["exec", "main", "--dry-run"]);
    assert_eq!(place.photograph(), before);
    if plan(&place)["unconfined"].is_null() {
        ran.says(&["in a rehearsal the programs of checks may only read"]);
    } else {
        ran.says(&["were not kept from writing"]);
    }
    assert!(!place.state().join("runs").join(place.newest_run()).join("scratch").exists());
    // For real, it may.
    place.expect(0, &["exec", "main"]);
    assert_eq!(place.read("made"), "x\n");
}

#[test]
fn it_can_be_switched_off_and_that_is_said() {
    let place = Place::with(r#"check("it writes", || exec::output(["sh", "-c", "echo x > made"]).code == 0);"#);
    place.write("runbook.toml", "confine = false\n");
    place.expect(0, &["exec", "main", "--dry-run"]).says(&["not kept from writing", "confine = false"]);
    assert_eq!(place.read("made"), "x\n");
}

#[test]
fn everything_that_is_missing_is_one_list_at_the_end() {
    let place = Place::with(
        r#"
        command("a", #{ run: ["no-such-program-a"], rollback: ["no-such-program-b"] });
        command("b", #{ http: #{ method: "POST", url: "http://127.0.0.1:1/x" }, rollback: "nothing" });
        command("c", #{ write: #{ path: "nowhere/file", content: "x" } });
        command("d", #{ run: ["true"], rollback: "nothing" });
        "#,
    );
    let ran = place.expect(0, &["exec", "main", "--dry-run"]);
    ran.says(&["missing for the real run", "no-such-program-a", "no-such-program-b", "127.0.0.1:1", "nowhere"]);
    let plan = plan(&place);
    assert_eq!(plan["lacks"].as_array().map(Vec::len), Some(4), "{plan}");
    assert_eq!((plan["steps"].as_u64(), plan["changes"].as_u64(), plan["certain"].as_bool()), (Some(4), Some(4), Some(true)));
}

#[test]
fn an_environment_that_requires_a_rehearsal_gets_one_of_this_version_there() {
    let place = place(ENVIRONMENTS);
    let exec = ["exec", "main", "--env", "production"];
    place.expect(10, &exec).says(&["`production` wants a rehearsal", "there is none", "--dry-run", "--without-rehearsal"]);
    place.expect(0, &["exec", "main", "--env", "staging", "--dry-run"]);
    place.expect(10, &exec).says(&["there is none"]);
    place.expect(0, &["exec", "main", "--env", "production", "--dry-run"]);
    let rehearsal = place.newest_run();
    place.expect(0, &exec).says(&["last rehearsed", "production, protected", &format!("as rehearsed in {rehearsal}")]);
    place.runbook("main", &format!("{STEPS}\ncheck(\"more\", || true);"));
    let refused = place.expect(10, &exec);
    refused.says(&["another version of the runbook", &rehearsal]);
    place.expect(2, &["exec", "main", "--env", "production", "--without-rehearsal", " "]).says(&["reason"]);
    place.expect(0, &["exec", "main", "--env", "production", "--without-rehearsal", "the API is down"]);
    assert_eq!(place.journal()[0]["outlook"]["waived"], "the API is down");
    place.expect(0, &["verify"]);
}

#[test]
fn a_run_that_is_refused_has_begun_no_trail() {
    let place = place(ENVIRONMENTS);
    place.expect(10, &["exec", "main", "--env", "production"]);
    assert!(!place.state().join("audit.git").exists());
}

#[test]
fn many_runs_elsewhere_do_not_hide_a_rehearsal() {
    let place = place(ENVIRONMENTS);
    place.expect(0, &["exec", "main", "--env", "production", "--dry-run"]);
    for _ in 0..21 {
        place.expect(0, &["exec", "main", "--env", "staging", "--dry-run"]);
        place.expect(0, &["exec", "main", "--env", "staging", "--unsealed", "not this one"]);
    }
    place.expect(0, &["exec", "main", "--env", "production"]);
}

#[test]
fn a_rehearsal_that_could_not_know_everything_is_not_enough() {
    let place = place(ENVIRONMENTS);
    place.runbook(
        "main",
        r#"
        command("make it", #{ run: ["touch", "made"], rollback: ["rm", "made"] });
        check("it is made", || fs::exists("made"));
        "#,
    );
    place.expect(3, &["exec", "main", "--env", "production", "--dry-run"]);
    place.expect(10, &["exec", "main", "--env", "production"]).says(&["could not know everything"]);
}

#[test]
fn a_real_run_elsewhere_can_be_required() {
    let place = place("[env.staging]\n[env.production]\nrequire_real_rehearsal = \"1d\"\n");
    let exec = ["exec", "main", "--env", "production"];
    place.expect(10, &exec).says(&["a completed run in another environment"]);
    place.expect(0, &["exec", "main", "--env", "staging", "--dry-run"]);
    place.expect(10, &exec);
    place.expect(0, &["exec", "main", "--env", "staging"]);
    place.expect(0, &exec);
    assert_eq!(place.ledger(), ["x", "x"]);
}

#[test]
fn an_environment_asks_before_the_first_change_and_once() {
    let place = place("[env.production]\nconfirm = true\n");
    place.runbook("main", &format!("{STEPS}{}", STEPS.replace("\"write\"", "\"write again\"")));
    let waiting = place.expect(4, &["exec", "main", "--env", "production"]);
    waiting.says(&["Make changes in production?"]);
    assert_eq!(place.ledger(), [""; 0]);
    let run = place.newest_run();
    place.expect(0, &["answer", &run, "--yes"]);
    place.expect(0, &["resume", &run]);
    assert_eq!(place.ledger(), ["x", "x"]);
    assert_eq!(place.entries().iter().filter(|kind| *kind == "confirm_answered").count(), 1);
    place.expect(0, &["verify"]);
    place.expect(0, &["exec", "main"]);
}

#[test]
fn whoever_must_agree_is_somebody_else() {
    let place = place("[env.production]\nconfirm = { not_self = true }\n");
    place.expect(4, &["exec", "main", "--env", "production"]);
    place.expect(10, &["answer", &place.newest_run(), "--yes"]);
    assert_eq!(place.ledger(), [""; 0]);
}

#[test]
fn a_plan_that_differs_from_its_rehearsal_is_named_with_its_steps() {
    let place = place("");
    place.expect(0, &["exec", "main", "--dry-run"]);
    let first = plan(&place)["plan"].clone();
    let rehearsal = place.newest_run();
    place.expect(0, &["exec", "main", "--dry-run"]).says(&["the same plan as in", &rehearsal]);
    assert_eq!(plan(&place)["plan"], first);
    place.runbook("main", &STEPS.replace("echo x >>", "echo y >>"));
    place.expect(0, &["exec", "main"]).says(&["1 step differs", "write", "`runbooks/main.rhai` has changed"]);
    let plans = place.expect(0, &["diff", "--plan", &rehearsal, &place.newest_run()]);
    assert!(plans.out.contains("~ command  write") && plans.out.contains("y >> ledger"), "{plans}");
    assert!(!plans.out.contains("withheld"), "how they ended is another question: {plans}");
}

#[test]
fn staging_and_production_are_compared_by_their_plans() {
    let place = place(ENVIRONMENTS);
    place.runbook("main", r#"command("open", #{ run: ["echo", settings.port.to_string()], rollback: "nothing" }); command("log", #{ run: ["true"], rollback: "nothing" });"#);
    let of = |env: &str| {
        place.expect(0, &["exec", "main", "--env", env, "--dry-run"]);
        place.newest_run()
    };
    let (staging, again, production) = (of("staging"), of("staging"), of("production"));
    place.expect(0, &["diff", "--plan", &staging, &again]).says(&["the same: 2 steps, as they are meant"]);
    let said = place.expect(0, &["diff", "--plan", &staging, &production, "--output", "json"]).out;
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(json["same"], false);
    assert_eq!(json["comparison"]["settings"][0]["name"], "port");
}

#[test]
fn how_long_it_will_take_is_said_from_how_long_it_took() {
    let place = place("");
    place.expect(0, &["exec", "main"]);
    place.expect(0, &["exec", "main"]);
    place.expect(0, &["exec", "main", "--dry-run"]).says(&["took ", " 2 runs"]).is_silent_about(&["likely"]);
    place.expect(0, &["show", "main"]).says(&["took ", " 2 runs"]);
    assert_eq!(place.journal()[0]["outlook"]["likely"]["runs"], 2);
    for _ in 0..3 {
        place.expect(0, &["exec", "main"]);
    }
    place.expect(0, &["show", "main"]).says(&["likely ", "(at most ", " in 5 runs)"]);
}

#[test]
fn a_run_with_another_parameter_is_told_apart_from_what_is_known() {
    let place = Place::with(
        r#"let p = runbook(#{ title: "Waits", owner: "team", params: #{ watch: #{ fallback: "2s" } } });
           command("watch", #{ run: ["echo", p.watch], rollback: "nothing" });"#,
    );
    place.expect(0, &["exec", "main"]);
    place.expect(0, &["exec", "main", "-p", "watch=5m"]).says(&["the only time, with `watch` \"2s\""]);
    place.expect(0, &["exec", "main", "-p", "watch=5m"]).says(&["the only time"]).is_silent_about(&["with `watch`"]);
}

#[test]
fn policies_that_cannot_be_meant_are_found_with_their_line() {
    for (line, said) in [
        ("require_rehearsal = \"soon\"", "not a length of time"),
        ("require_rehearsal = 7", "wants a string"),
        ("confirm = \"yes\"", "`true` or a table"),
        ("confirm = { quorum = 0 }", "from 1 to 100"),
        ("confirm = { who = [] }", "unknown key `who`"),
        ("require_rehersal = \"7d\"", "did you mean `require_rehearsal`"),
    ] {
        let place = place(&format!("[env.production]\n{line}\n"));
        place.expect(2, &["exec", "main"]).says(&["runbook.toml:2:", said]);
    }
}
