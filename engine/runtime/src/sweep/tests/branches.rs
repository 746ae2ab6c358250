//! Runbooks with branches: at any death, whatever the branches beside were doing.

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
