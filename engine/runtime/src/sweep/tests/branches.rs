//! Runbooks with branches: at any death, whatever the branches beside were doing.

use runbook_model::entry::Entry;
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::state::{RunState, StepPhase};
use runbook_model::status::RunStatus;

use super::super::Death;
use super::super::scratch::Scratch;
use super::super::trial::{Ended, Trial};
use super::*;
use crate::world::scripted::Act;

#[test]
fn branches_beside_each_other() {
    let body = r#"
        command("before", #{ run: ["do", "before"], rollback: ["back", "before"] });
        let done = parallel("all", ["a", "b", "c"], #{ max: 2 }, |item| {
            command("one", #{ run: ["do", item, "1"], rollback: ["back", item, "1"] });
            command("two", #{ run: ["do", item, "2"], rollback: ["back", item, "2"] });
        });
        command("after", #{ run: ["do", "after", done.len().to_string()], rollback: ["back", "after"] });
    "#;
    let swept = clean(&subject("", body, ScriptedWorld::new));
    assert!(swept.boundaries > 100 && swept.in_doubt > 10, "{swept:?}");
}

#[test]
fn everything_that_can_stand_in_a_branch() {
    let body = r#"
        phase("around", || {
            parallel("all", [#{ name: "a", n: 1 }, #{ name: "b", n: 2 }], #{ key: "name" }, |item| {
                check("it is there", || fs::read_link("/always") == "there");
                command("repeatable", #{ run: ["do", item.name], idempotent: true, rollback: ["back", item.name] });
                phase("inside", #{ budget: "1h" }, || {
                    print(`working on ${item.name}`);
                    rollback("owed", ["back", "owed", item.name]);
                    command("block", #{ run: ["do", "block"], rollback: || {
                        command("back", #{ run: ["back", item.name, "block"], rollback: "nothing" });
                    } });
                });
                confirm(`Go on with ${item.name}?`);
                command("last", #{ write: #{ path: `/file/${item.name}`, content: "x" } });
            });
        });
    "#;
    clean(&subject("", body, || ScriptedWorld::new().look("fs::read_link /always", Sight::value("there"))));
}

#[test]
fn a_branch_that_fails_and_may() {
    let body = r#"
        let all = parallel("all", [1, 2, 3], #{ max: 2, max_failures: "50%" }, |item| {
            command("one", #{ run: ["do", `${item}`], rollback: ["back", `${item}`], rollback_if_failed: item == 2, retry: 1 });
            command("two", #{ run: ["do", `${item}`], rollback: ["back", `${item}`] });
            item * 10
        });
        for one in all { if one.ok { command(`seen ${one.key}`, #{ run: ["do", `${one.value}`], rollback: "nothing" }); } }
    "#;
    clean(&subject("", body, || ScriptedWorld::new().command("all/2/one", Act::exits(1))));
}

/// A failure that is written down keeps other branches from beginning, also when the engine died before it could say so.
#[test]
fn no_branch_begins_before_it_is_known_how_many_have_failed() {
    let body = r#"
        parallel("all", [1, 2, 3, 4], #{ max: 2 }, |item| {
            command("one", #{ run: ["do", `${item}`] });
            command("two", #{ run: ["do", `${item}`] });
        });
    "#;
    let subject = subject("", body, || ScriptedWorld::new().command("all/1/one", Act::exits(1)));
    let scratch = Scratch::new().unwrap();
    let path = StepPath::root().child("all", 1);
    let mut met = 0;
    for seq in (4..16).cycle().take(120) {
        let mut trial = Trial::new(&subject, &scratch, (subject.world)()).unwrap();
        if trial.exec(Some(Death::AfterRecord(seq))) != Ended::Died {
            continue;
        }
        let begun = |trial: &Trial<'_>| {
            let state = RunState::fold(&trial.records()).unwrap().unwrap();
            let failed = matches!(
                state.step(&path.child("1", 1).child("one", 1)).map(|step| &step.phase),
                Some(StepPhase::Ended(Outcome::Failed(_)))
            );
            let parallel = state.parallels().get(&path).cloned();
            (failed, parallel.map_or(0, |parallel| 4 - parallel.not_reached().count()))
        };
        let (failed, before) = begun(&trial);
        // Behind its last word the run has failed, and to resume it is to try again.
        let ended = matches!(trial.records().last().map(|record| &record.entry), Some(Entry::SessionEnded { .. }));
        if failed && before < 4 && !ended {
            met += 1;
            let ended = trial.resume(None);
            assert!(matches!(&ended, Ended::Status(RunStatus::Failed { .. })), "{ended:?}");
            assert_eq!(begun(&trial).1, before, "died behind record {seq}");
        }
    }
    assert!(met >= 5, "only {met} runs died where it matters");
}
