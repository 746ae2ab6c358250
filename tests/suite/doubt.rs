//! A step in doubt is never silently repeated and never silently passed over.

use crate::support::Place;

fn stopped_half_way(options: &str) -> Place {
    let place = Place::with(&format!(
        r#"
        command("before", #{{ run: ["sh", "-c", "echo before >> ledger"], rollback: ["sh", "-c", "echo back before >> ledger"] }});
        command("half", #{{
            run: ["sh", "-c", "echo half >> ledger; test -e quick || sleep 300"],
            rollback: ["sh", "-c", "echo back half >> ledger"],
            timeout: "300ms",{options}
        }});
        command("after", #{{ run: ["sh", "-c", "echo after >> ledger"], rollback: "nothing" }});
        "#
    ));
    place.expect(5, &["exec", "main"]).says(&["half", "runbook resolve"]);
    assert_eq!(place.ledger(), ["before", "half"]);
    place.write("quick", "");
    place
}

#[test]
fn without_a_word_nothing_goes_on() {
    let place = stopped_half_way("");
    place.expect(5, &["resume"]).says(&["runbook resolve"]);
    place.expect(5, &["rollback", &place.newest_run()]);
    assert_eq!(place.ledger(), ["before", "half"]);
}

#[test]
fn it_did_and_the_run_goes_on_behind_it() {
    let place = stopped_half_way("");
    let run = place.newest_run();
    place.expect(2, &["resolve", &run, "nonsense", "did", "--why", "x"]).says(&["nonsense", "half"]);
    place.expect(0, &["resolve", &run, "half", "did", "--why", "the file has it"]);
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["before", "half", "after"]);
    place.expect(6, &["rollback", &run]);
    assert_eq!(place.ledger()[3..], ["back half", "back before"]);
    place.expect(0, &["verify"]);
}

#[test]
fn it_did_not_and_is_done_again() {
    let place = stopped_half_way("");
    place.expect(0, &["resolve", &place.newest_run(), "half", "did-not", "--why", "no trace of it"]);
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["before", "half", "half", "after"]);
}

#[test]
fn what_its_author_calls_idempotent_is_simply_tried_again() {
    let place = Place::with(
        r#"command("half", #{ run: ["sh", "-c", "echo half >> ledger; test -e quick || sleep 300"], timeout: "300ms", idempotent: true, rollback: "nothing" });"#,
    );
    place.expect(1, &["exec", "main"]);
    place.write("quick", "");
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["half", "half"]);
}

#[test]
fn its_own_check_settles_it() {
    for (effect, ledger) in [("true", &["half", "after"][..]), ("false", &["half", "half", "after"][..])] {
        let place = Place::with(&format!(
            r#"
            command("half", #{{
                run: ["sh", "-c", "echo half >> ledger; test -e quick || sleep 300"],
                timeout: "300ms", rollback: "nothing", settled_by: || fs::exists("effect-{effect}"),
            }});
            command("after", #{{ run: ["sh", "-c", "echo after >> ledger"], rollback: "nothing" }});
            "#
        ));
        place.write("effect-true", "");
        place.expect(1, &["exec", "main"]);
        place.write("quick", "");
        place.expect(0, &["resume"]);
        assert_eq!(place.ledger(), ledger, "{effect}");
    }
}
