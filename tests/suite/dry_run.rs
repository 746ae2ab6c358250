//! `runbook exec --dry-run`: checks really run, changes are withheld, nothing outside the state directory moves.

use crate::support::Place;

#[test]
fn nothing_changes_and_each_step_is_verified_or_withheld() {
    let place = Place::with(
        r#"
        let seen = check("the note is there", || fs::read("note"));
        command("write it down", #{ run: ["sh", "-c", "echo x >> ledger", seen], rollback: ["rm", "ledger"] });
        command("keep it", #{ write: #{ path: "note", content: "new\n" } });
        "#,
    );
    place.write("note", "old\n");
    let before = place.photograph();
    let ran = place.expect(0, &["exec", "main", "--dry-run"]);
    assert_eq!(place.photograph(), before);
    ran.says(&["verified", "withheld", "echo x >> ledger", "- old", "+ new", "rehearsed"]);
}

#[test]
fn what_depends_on_a_withheld_change_is_unknown_and_never_guessed() {
    let place = Place::with(
        r#"
        let id = command("create", #{ run: ["mktemp", "-p", "."], rollback: "nothing" }).stdout;
        command(`use ${id}`, #{ run: ["rm", id], rollback: "nothing" });
        if id == "x" { command("guess", #{ run: ["touch", "guessed"], rollback: "nothing" }); }
        "#,
    );
    let ran = place.expect(3, &["exec", "main", "--dry-run"]);
    ran.says(&["output of \"create\"", "main.rhai", "assume"]);
    ran.is_silent_about(&["guess`"]);
}

#[test]
fn a_branch_and_an_option_that_hang_on_what_is_unknown_are_no_failures() {
    let unknown = r#"let u = command("create", #{ run: ["true"], rollback: "nothing" });"#;
    for rest in [
        r#"let r = parallel("p", ["a"], #{ max_failures: 1 }, |i| [1, 2][u.code]); if !r[0].ok { print("guessed"); }"#,
        r#"let r = attempt(|| [1, 2][u.code]); if !r.ok { print("guessed"); }"#,
        r#"let s = "v=@v@"; s.replace("@v@", u.stdout); if s == "v=@v@" { print("guessed"); }"#,
        r#"command("wait", #{ run: ["true"], timeout: u.stdout, rollback: "nothing" });"#,
        r#"for i in 0..u.code { print("guessed"); }"#,
    ] {
        let ran = Place::with(&format!("{unknown}\n{rest}")).expect(3, &["exec", "main", "--dry-run"]);
        ran.says(&["the rehearsal cannot go on from here", "assume"]);
        ran.is_silent_about(&["guessed\n"]);
    }
}

#[test]
fn what_is_not_known_yet_is_not_called_missing() {
    let place = Place::with(
        r#"
        let u = command("create", #{ run: ["true"], rollback: "nothing" }).stdout;
        command("run it", #{ run: [u, "x"], rollback: "nothing" });
        command("in it", #{ run: ["true"], cwd: u, rollback: "nothing" });
        command("below it", #{ write: #{ path: `${u}/conf`, content: "x" } });
        command("tell it", #{ http: #{ url: `${u}/hook` }, rollback: "nothing" });
        "#,
    );
    let ran = place.expect(0, &["exec", "main", "--dry-run"]);
    ran.says(&["‹output of \"create\"›/hook", "5 withheld"]).is_silent_about(&["missing for the real run"]);
}

#[test]
fn an_assumed_result_lets_the_rehearsal_go_on() {
    let place = Place::with(
        r#"
        let id = command("create", #{ run: ["mktemp", "-p", "."], rollback: "nothing", assume: "tmp.1" }).stdout;
        if id == "tmp.1" { command("use it", #{ run: ["rm", id], rollback: "nothing" }); }
        "#,
    );
    place.expect(0, &["exec", "main", "--dry-run"]).says(&["use it", "rm tmp.1"]);
}

#[test]
fn an_assumed_answer_takes_the_rehearsal_the_way_of_a_choice() {
    let place = Place::with(
        r#"
        let way = confirm("which way?", #{ choices: ["left", "right"], assume: "right" });
        let who = confirm("who goes?", #{ input: "a name" });
        command(`${who} goes ${way}`, #{ run: ["touch", way], rollback: ["rm", way] });
        if way == "right" { command("turn right", #{ run: ["touch", "turned"], rollback: "nothing" }); }
        if confirm("on?") { command("go on", #{ run: ["touch", "on"], rollback: "nothing" }); }
        "#,
    );
    let rehearsed = place.expect(0, &["exec", "main", "--dry-run"]);
    rehearsed.says(&["taken instead: \"right\"", "‹answer of \"who goes?\"› goes right", "turn right", "go on"]);
    place.write(
        "runbooks/main.rhai",
        "runbook(#{ title: \"main\" }); if confirm(\"who?\", #{ input: \"a name\" }) == \"ann\" { print(1); }",
    );
    place.expect(3, &["exec", "main", "--dry-run"]).says(&["the answer of \"who?\" is not known", "assume"]);
}

#[test]
fn a_question_that_nobody_may_answer_is_found_out_before_anybody_waits_for_it() {
    let place = Place::with(r#"confirm("Fail over?", #{ by: ["@nobody-knows"] });"#);
    let missing = "nobody is `@nobody-knows`: there is no such group";
    place.expect(0, &["exec", "main", "--dry-run"]).says(&["missing for the real run", "Fail over?", missing]);
    place.expect(4, &["exec", "main"]).says(&["`Fail over?` cannot be answered", missing]);
}

#[test]
fn a_check_that_a_withheld_change_keeps_from_passing_is_unknown() {
    let place = Place::with(
        r#"
        command("make it", #{ run: ["touch", "made"], rollback: ["rm", "made"] });
        check("it is made", || fs::exists("made"), #{ within: "5m" });
        "#,
    );
    place.expect(3, &["exec", "main", "--dry-run"]).says(&["unknown", "it is made"]);
    place.expect(0, &["exec", "main"]);
}

#[test]
fn a_check_that_fails_before_any_change_fails_the_rehearsal() {
    let place = Place::with(r#"check("no", || false);"#);
    place.expect(1, &["exec", "main", "--dry-run"]);
}

#[test]
fn what_is_missing_and_what_was_seen_too_early_is_said_at_the_end() {
    let place = Place::with(
        r#"
check("before", || true);
command("first", #{ run: ["true"], rollback: "nothing" });
check("behind", || "seen");
"#,
    );
    let ran = place.expect(0, &["exec", "main", "--dry-run"]);
    ran.says(&["as it is now, before the changes", "1 verified, 1 seen before the changes, 1 withheld", "run it"]);
    let place = Place::with(r#"command("first", #{ run: ["sytemctl", "restart"], rollback: "nothing" });"#);
    let ran = place.expect(0, &["exec", "main", "--dry-run"]);
    ran.says(&["1 thing that the real run needs is not there now", "if a step before makes what is missing"]);
}
