//! Rotations, and what they leave.

use std::sync::atomic::Ordering;

use super::stage::{EXEC, NEW, OLD, Server, Stage, postgres, redis};
use super::traces::{Traces, Watch};
use crate::procedure::unchanged;

/// The user of the new value.
fn next(stage: &Stage) -> &'static str {
    if matches!(stage.server, Server::Redis(_)) { "shop" } else { "shop B" }
}

fn present(stage: &Stage) -> &'static str {
    if matches!(stage.server, Server::Redis(_)) { "shop" } else { "shop_a" }
}

fn there_and_back(stage: &Stage) {
    let (place, traces) = (&stage.place, Traces::of(&[OLD, NEW]));
    let (before, watch) = (stage.state(), Watch::begin(&traces));
    let untouched = place.photograph();
    let rehearsed = place.expect(0, &["exec", "rotate-secret", "--dry-run", "-p", "what=shop"]);
    rehearsed.says(&["withheld", "rehearsed"]);
    assert_eq!(place.photograph(), untouched);
    unchanged(&before, &stage.state());

    let ran = place.expect(0, &EXEC);
    assert!(stage.lets_in(next(stage), NEW) && !stage.lets_in(present(stage), OLD));
    assert_eq!(place.read("secrets/present").trim(), NEW);
    assert!(stage.consumers.iter().all(|consumer| consumer.read.lock().expect("ours").contains(NEW)));
    assert!(!place.path("secrets/next").exists());

    let back = place.roll_back();
    unchanged(&before, &stage.state());
    watch.end();
    for (what, ran) in [("the rehearsal", rehearsed), ("the run", ran), ("the rollback", back)] {
        traces.none_in(what, format!("{}{}", ran.out, ran.err).as_bytes());
    }
    traces.none_left(place);
    // The server has the old value from the test itself; the new one came by the runbook alone.
    Traces::of(&[NEW]).none_in("the server's log", stage.log().as_bytes());
    place.expect(0, &["verify"]);
}

#[test]
fn of_redis_there_and_back_and_no_value_is_seen() {
    there_and_back(&redis());
}

#[test]
fn of_postgres_there_and_back_and_no_value_is_seen() {
    there_and_back(&postgres());
}

#[test]
fn a_consumer_that_does_not_take_it_brings_the_old_value_back_to_all() {
    let stage = redis();
    let before = stage.state();
    // Two minutes are the patience of the runbook; a test has less.
    let source = stage.place.read("runbooks/rotate-secret.rhai").replace("within: \"2m\"", "within: \"1s\"");
    stage.place.runbook("rotate-secret", &source);
    let mut engine = stage.place.begin(&EXEC);
    engine.at("Move/restart web");
    stage.consumers[1].ill.store(true, Ordering::SeqCst);
    engine.ends(6).says(&["worker is well with the new value", "rolled back"]);
    unchanged(&before, &stage.state());
}

#[test]
fn the_old_value_is_refused_only_after_a_second_yes() {
    let stage = redis();
    let before = stage.state();
    stage.place.expect(4, &["exec", "rotate-secret", "-p", "what=shop"]).says(&["Rotate the secret shop"]);
    stage.place.expect(0, &["answer", &stage.place.newest_run(), "--yes"]);
    stage.place.expect(4, &["resume"]).says(&["Refuse the old value of shop"]);
    assert!(stage.lets_in("shop", OLD) && stage.lets_in("shop", NEW), "until then both are good");
    // Who begins another one meanwhile would lose track of which value is where.
    stage.place.expect(10, &EXEC).says(&["rotate-secret"]);
    stage.place.expect(0, &["answer", &stage.place.newest_run(), "--no"]);
    stage.place.expect(6, &["resume"]).says(&["rolled back"]);
    unchanged(&before, &stage.state());
}

#[test]
fn a_second_rotation_takes_the_other_role_and_a_password_by_hand_is_noticed() {
    let stage = postgres();
    stage.place.expect(0, &EXEC);
    stage.place.write("seed", &format!("{NEW}-2\n"));
    stage.place.expect(0, &EXEC);
    assert!(stage.lets_in("shop_a", &format!("{NEW}-2")) && !stage.lets_in("shop B", NEW));
    assert_eq!(stage.place.read("secrets/former").trim(), NEW);

    let stage = redis();
    let Server::Redis(server) = &stage.server else { return };
    assert_eq!(server.ask(&["ACL", "SETUSER", "shop", ">by-hand-and-forgotten"]), "+OK");
    stage.place.expect(6, &EXEC).says(&["shop has 2 passwords"]);
}

#[test]
fn a_value_that_is_none_is_given_to_nobody() {
    for make in ["[\"true\"]", "[\"printf\", \"one\\ntwo\\n\"]"] {
        let stage = redis();
        let before = stage.state();
        let settings = stage.place.read("runbook.toml");
        let line = settings.lines().find(|line| line.starts_with("make = ")).expect("what makes it");
        stage.place.write("runbook.toml", &settings.replace(line, &format!("make = {make}")));
        stage.place.expect(6, &EXEC).says(&["make a new value", "one line"]);
        unchanged(&before, &stage.state());
    }
}

#[test]
fn a_server_that_took_the_value_and_could_not_say_so_forgets_it() {
    let stage = redis();
    let before = stage.state();
    let add = "run: redis::add_password(at.redis, at.user),\n            stdin: [\">\", secret(next)]";
    let lost = add.replace("run: ", "run: [\"sh\", \"-c\", \"\\\"$@\\\"; exit 1\", \"sh\"] + ");
    let source = stage.place.read("runbooks/rotate-secret.rhai");
    assert!(source.contains(add));
    stage.place.runbook("rotate-secret", &source.replace(add, &lost));
    stage.place.expect(6, &EXEC).says(&["rolled back"]);
    unchanged(&before, &stage.state());
}

#[test]
fn what_was_rotated_since_is_not_taken_back_with_an_earlier_one() {
    let stage = redis();
    stage.place.expect(0, &EXEC);
    let first = stage.place.newest_run();
    stage.place.write("seed", &format!("{NEW}-2\n"));
    stage.place.expect(0, &EXEC);
    let before = stage.state();
    let ran = stage.place.run(&["rollback", &first]);
    assert_ne!(ran.code, Some(6), "{ran}");
    unchanged(&before, &stage.state());
    assert!(stage.lets_in("shop", &format!("{NEW}-2")) && !stage.lets_in("shop", OLD) && !stage.lets_in("shop", NEW));
}
