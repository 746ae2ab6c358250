//! Runbooks in which each way of going on after a crash has its place.

use super::*;
use crate::world::scripted::Act;

#[test]
fn commands_one_behind_the_other() {
    let body = r#"
        command("a", #{ run: ["do", "a"], rollback: ["back", "a"] });
        command("b", #{ run: ["do", "b"], rollback: [["back", "b1"], ["back", "b2"]] });
        command("c", #{ run: ["do", "c"], rollback: "nothing", idempotent: true });
        command("d", #{ run: ["do", "d"] });
    "#;
    let swept = clean(&subject("", body, ScriptedWorld::new));
    assert!(swept.boundaries > 100 && swept.in_doubt > 10, "{swept:?}");
}

#[test]
fn phases_loops_checks_and_questions() {
    let body = r#"
        rollback("registered", ["back", "registered"]);
        phase("One", || {
            for n in 0..2 { command("again", #{ run: ["do", `${n}`], rollback: ["back", `${n}`] }); }
            check("it looks good", || http::get("http://127.0.0.1/health").status == 200);
        });
        confirm("Go on?");
        print("on it goes");
        phase("Two", #{ budget: "1m" }, || {
            command("write", #{ write: #{ path: "/srv/note", content: "text" } });
            check("it stays good", || http::get("http://127.0.0.1/health").status == 200, #{ during: "3s" });
            command("post", #{ http: #{ url: "http://127.0.0.1/deploy" }, rollback: #{ http: #{ url: "http://127.0.0.1/undeploy" } } });
        });
    "#;
    clean(&subject("", body, || ScriptedWorld::new().sees("http::get", Sight::status(200))));
}

#[test]
fn idempotent_commands_with_a_way_back() {
    let body = r#"
        command("a", #{ run: ["do", "a"], idempotent: true, rollback: ["back", "a"] });
        command("b", #{ run: ["do", "b"], idempotent: true, rollback: ["back", "b"], rollback_if_failed: true });
    "#;
    clean(&subject("", body, ScriptedWorld::new));
}

#[test]
fn a_command_that_is_settled_by_a_look() {
    let body = r#"
        command("a", #{ run: ["do", "a"], rollback: ["back", "a"] });
        command("b", #{ run: ["do", "b"], rollback: ["back", "b"], settled_by: || fs::read_link("/b") == "there" });
        command("c", #{ run: ["do", "c"], rollback: ["back", "c"] });
    "#;
    let world = || {
        let world = ScriptedWorld::new().look("fs::read_link /b", Sight::value("absent"));
        world.look_after("fs::read_link /b", "b", Sight::value("there"))
    };
    clean(&subject("", body, world));
}

#[test]
fn blocks_that_roll_back() {
    let body = r#"
        command("a", #{ run: ["do", "a"], rollback: || {
            command("back 1", #{ run: ["back", "1"], rollback: "nothing" });
            print("half of it");
            phase("rest", || {
                command("back 2", #{ run: ["back", "2"], rollback: "nothing", idempotent: true });
            });
        } });
        check("between", || true);
        rollback("registered", || { command("back 3", #{ run: ["back", "3"], rollback: "nothing" }); });
        confirm("Go on?");
        command("b", #{ run: ["do", "b"], rollback: ["back", "b"] });
        phase("Last", || { command("c", #{ run: ["do", "c"] }); });
    "#;
    clean(&subject("", body, ScriptedWorld::new));
}

#[test]
fn attempts_of_a_command_are_counted_across_crashes() {
    let body = r#"
        command("a", #{ run: ["do", "a"], rollback: ["back", "a"], retry: 2 });
        command("b", #{ run: ["do", "b"], rollback: ["back", "b"], retry: #{ times: 2, every: "5s" } });
    "#;
    let fails_once = || ScriptedWorld::new().command("b", Act::exits(1)).command("b", Act::exits(0));
    clean(&subject("", body, fails_once));
    let fails_always = || ScriptedWorld::new().command("b", Act::exits(1));
    clean(&subject("", body, fails_always));
    clean(&subject(", on_failure: \"rollback\"", body, fails_always));
}

#[test]
fn failures_that_are_caught() {
    let body = r#"
        command("a", #{ run: ["do", "a"], rollback: ["back", "a"] });
        let tried = attempt(|| command("b", #{ run: ["do", "b"], rollback: ["back", "b"], rollback_if_failed: true }));
        if !tried.ok { command("other way", #{ run: ["do", "other"], rollback: ["back", "other"] }); }
        try { command("c", #{ run: ["do", "c"] }); } catch { print("c failed"); }
        command("d", #{ run: ["do", "d"], rollback: ["back", "d"] });
    "#;
    clean(&subject("", body, ScriptedWorld::new));
    clean(&subject("", body, || ScriptedWorld::new().command("b", Act::exits(1)).command("c", Act::exits(1))));
}

#[test]
fn a_rollback_that_fails_once() {
    let body = r#"
        command("a", #{ run: ["do", "a"], rollback: [["back", "a1"], ["back", "a2"]] });
        command("b", #{ run: ["do", "b"], rollback: || { command("x", #{ run: ["back", "b"], rollback: "nothing" }); } });
    "#;
    let world = || ScriptedWorld::new().command("~rollback/a/~2", Act::exits(1)).command("~rollback/a/~2", Act::exits(0));
    clean(&subject("", body, world));
}

#[test]
fn the_sweep_sees_what_is_wrong() {
    // The look says "there" whatever happened, so an effect that never was is passed over.
    let body = r#"command("a", #{ run: ["do", "a"], settled_by: || fs::read_link("/a") == "there" });"#;
    let subject = subject("", body, || ScriptedWorld::new().sees("fs::read_link /a", Sight::value("there")));
    let swept = swept(&subject);
    assert!(swept.violations.iter().any(|violation| violation.found.len() < violation.expected.len()), "{swept:?}");
}
