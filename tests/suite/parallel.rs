//! Many items at a time: really at the same time, really so many, and as safe as one after the other.

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Place;

/// A branch for each item, whose first step waits for the test and whose second leaves a line.
fn gated(items: &[&str], options: &str) -> Place {
    let list = items.iter().map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(", ");
    let place = Place::with(&format!(
        r#"
        command("before", #{{ run: ["sh", "-c", "echo before >> ledger"], rollback: ["sh", "-c", "echo back before >> ledger"] }});
        parallel("all", [{list}], #{{ {options} }}, |item| {{
            command("gate", #{{
                run: sh("echo begin $item >> ledger; echo > up-$item; cat go-$item > /dev/null; echo end $item >> ledger", #{{ item: item }}),
                rollback: sh("echo back $item >> ledger", #{{ item: item }}),
            }});
            command("line", #{{ run: sh("echo line $item >> ledger", #{{ item: item }}), rollback: "nothing" }});
        }});
        command("after", #{{ run: ["sh", "-c", "echo after >> ledger"], rollback: ["sh", "-c", "echo back after >> ledger"] }});
        "#
    ));
    for item in items {
        place.fifo(&format!("up-{item}"));
        place.fifo(&format!("go-{item}"));
    }
    place
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

fn count(place: &Place, line: &str) -> usize {
    place.ledger().iter().filter(|one| *one == line).count()
}

#[test]
fn branches_run_at_the_same_time_and_so_many_as_may() {
    let place = gated(&["a", "b", "c"], "max: 2");
    let mut child = place.command(&["exec", "main"]).spawn().expect("the binary starts");
    place.wait_for("up-a");
    place.wait_for("up-b");
    assert_eq!(count(&place, "begin c"), 0, "two at a time");
    place.write("go-b", "");
    place.wait_for("up-c");
    assert_eq!((count(&place, "line b"), count(&place, "end a")), (1, 0), "as soon as one ends the next begins");
    place.write("go-c", "");
    place.write("go-a", "");
    assert!(child.wait().expect("it ends").success());
    let ledger = place.ledger();
    assert_eq!((ledger.first().map(String::as_str), ledger.last().map(String::as_str)), (Some("before"), Some("after")));
    assert_eq!(ledger.len(), 11, "{ledger:?}");
    let run = place.newest_run();
    place.expect(6, &["rollback", &run]);
    // Newest first, by the journal: the last gate to end is the first to be rolled back.
    let ended: Vec<_> = ledger.iter().filter_map(|line| line.strip_prefix("end ")).map(|item| format!("back {item}")).collect();
    let back = &place.ledger()[11..];
    assert_eq!((back[0].as_str(), back[4].as_str()), ("back after", "back before"));
    assert_eq!(sorted(back[1..4].to_vec()), sorted(ended));
    let journal = place.journal();
    let of = |kind: &str| -> Vec<String> {
        let gates =
            journal.iter().filter(|it| it["type"] == kind && it["path"].as_str().is_some_and(|path| path.ends_with("/gate")));
        gates.map(|it| it["path"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let newest_first: Vec<_> = of("step_ended").into_iter().rev().collect();
    assert_eq!(of("rollback_done"), newest_first);
    place.expect(0, &["verify"]);
}

/// Two of five items fail until the file `mended` is there.
const FAILING: &str = r#"
let all = parallel("all", [1, 2, 3, 4, 5], #{ max: 2, LIMIT }, |item| {
    command("work", #{
        run: sh("echo work $item >> ledger; test $item != 2 -a $item != 3 || test -e mended", #{ item: item }),
        rollback: sh("echo back $item >> ledger", #{ item: item }),
    });
    print(`${item} worked`);
    item * 10
});
for one in all {
    print(`${one.key}: ${one.ok} ${one.value} ${if one.ok { "" } else { one.error.message }}`);
}
"#;

#[test]
fn more_failures_than_may_stop_it_and_resume_goes_on_with_all_of_them() {
    // One at a time: beside a slow failure, items that were free to begin before it may be done.
    let place = Place::with(&FAILING.replace("max: 2, LIMIT", "max: 1, max_failures: 1"));
    let ran = place.expect(1, &["exec", "main"]);
    ran.says(&["2 of 5 items of `all` failed: 2 (", "3 (", "runbook resume"]);
    assert_eq!(place.ledger(), ["work 1", "work 2", "work 3"], "nothing begins behind the limit");
    place.expect(1, &["resume"]).says(&["2 of 5 items"]);
    assert_eq!((count(&place, "work 1"), count(&place, "work 2"), count(&place, "work 3")), (1, 2, 2));
    place.write("mended", "");
    place.expect(0, &["resume"]).says(&["5 of 5 done", "2: true 20", "5: true 50"]);
    // Items that failed and were tried again with another end are none.
    place.expect(0, &["report", &place.newest_run()]).says(&["It did what it should"]);
    assert_eq!((count(&place, "work 1"), count(&place, "work 2"), count(&place, "work 5")), (1, 3, 1));
    let notes = place.journal().iter().filter(|it| it["text"] == "1 worked").count();
    assert_eq!(notes, 1, "what a branch prints is written down once");
    place.expect(6, &["rollback", &place.newest_run()]);
    let back: Vec<_> = place.ledger().into_iter().filter(|line| line.starts_with("back")).collect();
    assert_eq!(sorted(back), ["back 1", "back 2", "back 3", "back 4", "back 5"]);
}

#[test]
fn failures_that_may_be_are_results() {
    let place = Place::with(&FAILING.replace("LIMIT", "max_failures: \"40%\""));
    place.expect(0, &["exec", "main"]).says(&["3 of 5 done, 2 failed", "2: false", "exit code 1", "5: true 50"]);
    place.expect(0, &["report", &place.newest_run()]).says(&["completed", "With 2 items failed, in "]);
    place.expect(6, &["rollback", &place.newest_run()]);
    let back: Vec<_> = place.ledger().into_iter().filter(|line| line.starts_with("back")).collect();
    assert_eq!(sorted(back), ["back 1", "back 4", "back 5"], "exactly the items done");
}

#[test]
fn a_failure_that_is_caught_is_replayed_as_it_was() {
    let source = format!(
        "let tried = attempt(|| {{ {} }});\n{}",
        FAILING.replace("LIMIT", "max_failures: 0"),
        r#"command("gate", #{ run: ["sh", "-c", "echo gate >> ledger; test -e open"], rollback: "nothing" }); print(`${tried.ok} ${tried.error.items}`);"#
    );
    let place = Place::with(&source);
    place.expect(1, &["exec", "main"]).says(&["gate"]);
    let before = place.ledger();
    place.write("open", "");
    place.write("mended", "");
    place.expect(0, &["resume"]).says(&["false ["]);
    assert_eq!(place.ledger()[before.len()..], ["gate"], "no item that was not reached begins on replay");
}

#[test]
fn the_engine_dies_and_the_commands_of_all_branches_go_on() {
    let place = gated(&["a", "b", "c"], "max: 2");
    let mut child = place.command(&["exec", "main"]).spawn().expect("the binary starts");
    place.wait_for("up-a");
    place.wait_for("up-b");
    child.kill().expect("kill -9");
    child.wait().expect("it is gone");
    let mut resumed = place.command(&["resume"]).spawn().expect("the binary starts");
    place.write("go-b", "");
    place.wait_for("up-c");
    place.write("go-a", "");
    place.write("go-c", "");
    assert!(resumed.wait().expect("it ends").success());
    let wanted = ["after", "before", "begin a", "begin b", "begin c", "end a", "end b", "end c", "line a", "line b", "line c"];
    assert_eq!(sorted(place.ledger()), wanted);
    place.expect(0, &["verify"]);
    place.git(&["fsck", "--strict"]);
}

#[test]
fn branches_in_doubt_are_settled_one_by_one() {
    let place = Place::with(
        r#"
        parallel("all", ["a", "b", "c"], #{ max: 3 }, |item| {
            command("half", #{
                run: sh("echo half $item >> ledger; test $item = c -o -e quick || exec sleep 300", #{ item: item }),
                rollback: sh("echo back $item >> ledger", #{ item: item }),
                timeout: "500ms",
            });
            command("line", #{ run: sh("echo line $item >> ledger", #{ item: item }), rollback: "nothing" });
        });
        "#,
    );
    place.expect(5, &["exec", "main"]).says(&["runbook resolve"]);
    place.write("quick", "");
    let run = place.newest_run();
    place.expect(5, &["resume"]).says(&["runbook resolve"]);
    place.expect(0, &["resolve", &run, "all/a/half", "did", "--why", "seen"]);
    place.expect(5, &["resume"]).says(&["all/b/half"]);
    place.expect(0, &["resolve", &run, "all/b/half", "did-not", "--why", "no trace"]);
    place.expect(0, &["resume"]);
    let wanted = ["half a", "half b", "half b", "half c", "line a", "line b", "line c"];
    assert_eq!(sorted(place.ledger()), wanted);
}

#[test]
fn ctrl_c_lets_every_branch_end_its_step_and_begins_none() {
    let place = gated(&["a", "b", "c"], "max: 2");
    let mut terminal = place.terminal(&["exec", "main"]);
    place.wait_for("up-a");
    place.wait_for("up-b");
    terminal.keys("\x03").until("2 steps are let run to their end");
    place.write("go-a", "");
    place.write("go-b", "");
    terminal.end().with(130).says(&["interrupted", "runbook resume"]);
    assert_eq!(sorted(place.ledger()), ["before", "begin a", "begin b", "end a", "end b"]);
    let mut resumed = place.command(&["resume"]).spawn().expect("the binary starts");
    place.wait_for("up-c");
    place.write("go-c", "");
    assert!(resumed.wait().expect("it ends").success());
    assert_eq!(place.ledger().len(), 11);
}

/// A question in each branch.
const ASKING: &str = r#"
parallel("all", ["a", "b", "c", "d"], #{ max: 2 }, |item| {
    command("first", #{ run: sh("echo first $item >> ledger", #{ item: item }), rollback: "nothing" });
    if item == "b" || item == "c" { confirm(`Go on with ${item}?`); }
    command("second", #{ run: sh("echo second $item >> ledger", #{ item: item }), rollback: "nothing" });
});
"#;

#[test]
fn without_a_terminal_the_others_go_on_and_then_the_run_waits() {
    let place = Place::with(ASKING);
    place.expect(4, &["exec", "main"]).says(&["waiting", "Go on with"]);
    let first = place.ledger();
    assert_eq!(count(&place, "second a"), 1, "{first:?}");
    assert_eq!((count(&place, "first b"), count(&place, "first c"), count(&place, "first d")), (1, 1, 0), "{first:?}");
    let run = place.newest_run();
    place.expect(4, &["resume"]);
    assert_eq!(place.ledger(), first);
    // Both wait: each answer is for the next that has none.
    place.expect(0, &["answer", &run, "--yes"]);
    place.expect(0, &["answer", &run, "--yes"]);
    place.expect(0, &["resume"]);
    let wanted = ["first a", "first b", "first c", "first d", "second a", "second b", "second c", "second d"];
    assert_eq!(sorted(place.ledger()), wanted);
}

/// The branch that waits has nothing to do while another one works: it must not take the next item away.
#[test]
fn no_item_is_passed_over_while_a_branch_waits() {
    let place = Place::with(
        r#"
parallel("all", ["a", "b", "c", "d"], #{ max: 2 }, |item| {
    if item == "b" { confirm("Go on with b?"); }
    command("work", #{ run: sh("echo $item >> ledger; if [ $item = a ]; then echo > up; cat go; fi", #{ item: item }), rollback: "nothing" });
});
"#,
    );
    place.fifo("up");
    place.fifo("go");
    let mut exec = place.command(&["exec", "main"]).spawn().expect("the binary starts");
    place.wait_for("up");
    // Time bounds a broken test only.
    let began = std::time::Instant::now();
    let asked = || std::fs::read_to_string(place.journal_path()).is_ok_and(|journal| journal.contains("Go on with b?"));
    while !asked() && began.elapsed() < std::time::Duration::from_secs(60) {
        std::thread::yield_now();
    }
    place.write("go", "");
    assert_eq!(exec.wait().expect("it ends").code(), Some(4));
    assert_eq!(place.ledger(), ["a", "c", "d"]);
}

#[test]
fn at_a_terminal_one_question_stands_at_a_time() {
    let place = Place::with(ASKING);
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("yes or no? [y/N] ").keys("y\r").until("says").until("yes or no? [y/N] ").keys("y\r");
    let ended = terminal.end().with(0);
    ended.says(&["Go on with b?", "Go on with c?", "4 of 4 done"]);
    assert_eq!(place.ledger().len(), 8);
}

#[test]
fn what_a_branch_may_not_do_is_refused_at_its_line() {
    let refused = |body: &str, words: &[&str]| {
        let place = Place::with(body);
        let ran = place.run(&["exec", "main", "--dry-run"]);
        ran.says(words);
        assert_ne!(ran.code, Some(0), "{ran}");
        assert_eq!(place.ledger(), [""; 0]);
    };
    refused("let n = 0;\nparallel(\"all\", [1], |item| { n += item; });", &["`n` cannot be changed here", "main.rhai:3"]);
    refused(
        "let l = [];\nparallel(\"all\", [1], |item| { l.push(item); });",
        &["would change what cannot be changed", "main.rhai:3"],
    );
    refused("parallel(\"all\", [1, 2, \"1\"], |item| { });", &["RB0030", "two items have the key \"1\""]);
    refused("parallel(\"all\", [1], |item| { parallel(\"more\", [2], |other| { }); });", &["inside the branch `all/1`"]);
    refused("parallel(\"all\", [1], |item| { phase(\"p\", #{ lock: \"x\" }, || { }); });", &["cannot have a lock"]);
    refused("parallel(\"all\", [#{ a: 1 }], |item| { });", &["item 0 is a map", "key: \"name\""]);
    refused("parallel(\"all\", [#{ a: 1 }], #{ key: \"b\" }, |item| { });", &["item 0 has no `b`"]);
    refused("parallel(\"all\", [[1]], |item| { });", &["known by"]);
    refused("parallel(\"all\", 5, |item| { });", &["wants a list of items"]);
    refused("parallel(\"all\", [1], #{ max: 0 }, |item| { });", &["wants a whole number from 1 on"]);
    refused("parallel(\"all\", [1], #{ max_failures: \"many\" }, |item| { });", &["a share such as \"25%\""]);
    refused("parallel(\"all\", [1], #{ max_fail: 1 }, |item| { });", &["unknown option `max_fail`", "max_failures"]);
}

#[test]
fn an_edit_may_give_other_items_as_long_as_those_begun_stay() {
    let source = |items: &str| {
        format!(
            "runbook(#{{ title: \"T\" }});\nparallel(\"all\", [{items}], #{{ max: 1 }}, |item| {{ command(\"work\", #{{ run: sh(\"echo work $item >> ledger; test $item != 2 -o -e mended\", #{{ item: item }}), rollback: \"nothing\" }}); }});"
        )
    };
    let place = Place::with(&source("1, 2, 3"));
    place.expect(1, &["exec", "main"]);
    place.write("mended", "");
    place.runbook("main", &source("2, 3, 4"));
    place.expect(10, &["resume", "--adopt"]);
    assert_eq!(place.ledger(), ["work 1", "work 2"]);
    place.runbook("main", &source("0, 1, 2, 4"));
    place.expect(0, &["resume", "--adopt"]);
    assert_eq!(place.ledger(), ["work 1", "work 2", "work 2", "work 0", "work 4"]);
}

#[test]
fn a_power_cut_in_many_branches_leaves_every_one_of_them_to_its_rules() {
    let place = gated(&["a", "b"], "max: 2");
    let mut child = place.command(&["exec", "main"]).spawn().expect("the binary starts");
    place.wait_for("up-a");
    place.wait_for("up-b");
    // The engine, its keeper and all that they run: nobody is left who knows.
    let group = i32::try_from(child.id()).expect("a pid");
    let everybody = family(group);
    child.kill().expect("kill -9");
    child.wait().expect("it is gone");
    // From the top: a shell whose program dies first would go on.
    for pid in everybody.into_iter().rev() {
        kill_process(Pid::from_raw(pid).expect("a pid"), Signal::KILL).ok();
    }
    place.expect(5, &["resume"]).says(&["/gate"]);
    let run = place.newest_run();
    for item in ["a", "b"] {
        place.expect(0, &["resolve", &run, &format!("all/{item}/gate"), "did", "--why", "seen"]);
    }
    place.expect(0, &["resume"]);
    assert_eq!(sorted(place.ledger()), ["after", "before", "begin a", "begin b", "line a", "line b"]);
}

/// Every process below this one.
fn family(of: i32) -> Vec<i32> {
    let mut found = Vec::new();
    let children = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    for child in children.split_whitespace().filter_map(|pid| pid.parse().ok()) {
        found.extend(family(child));
        found.push(child);
    }
    found
}

#[test]
fn a_question_that_nobody_was_shown_is_not_answered_by_silence() {
    let place = Place::with(
        r#"
        parallel("par", ["a", "b"], |item| {
            confirm(`Question ${item}?`, #{ deadline: "10m", on_timeout: "proceed" });
        });
        "#,
    );
    let mut terminal = place.terminal(&["exec", "main"]);
    // Whose question it is stands with it.
    terminal.until("?").until("in par/").until("[y/N] ").keys("\x03");
    terminal.end().with(130);
    let asked: Vec<_> = place.journal().into_iter().filter(|record| record["type"] == "step_intended").collect();
    assert_eq!(asked.len(), 1, "the time of the other one has not begun: {asked:?}");
    place.expect(4, &["resume"]);
    let asked = place.entries().into_iter().filter(|entry| entry == "step_intended").count();
    assert_eq!(asked, 3, "without a terminal both are on record, for whoever answers");
}
