//! A keeper that is started before there is a command for it.

use runbook_model::answer::ExitStatus;

use crate::place::{Place, block_on, exited, kill_and_wait, lives, sh, wait_gone};

crate::tests![
    it_stands_ready_for_the_first_command,
    one_that_is_on_its_way_is_waited_for_and_not_doubled,
    one_that_died_unused_is_replaced,
    one_that_nobody_used_goes_with_its_engine,
];

fn it_stands_ready_for_the_first_command() {
    let place = Place::new();
    let keeper = place.keeper();
    block_on(async {
        keeper.make_ready().await;
        let ready = place.keeper_pid();
        assert!(lives(ready));
        let said = exited(&keeper, 1, sh("echo $PPID")).await.stdout.head.0;
        assert_eq!(String::from_utf8(said).expect("a number").trim(), ready.to_string());
    });
}

fn one_that_is_on_its_way_is_waited_for_and_not_doubled() {
    let place = Place::new();
    let keeper = place.keeper();
    block_on(async {
        let ((), first, second) =
            tokio::join!(keeper.make_ready(), exited(&keeper, 1, sh("echo $PPID")), exited(&keeper, 2, sh("echo $PPID")));
        assert_eq!(first.stdout.head, second.stdout.head);
        assert_eq!(first.stdout.head.0, format!("{}\n", place.keeper_pid()).into_bytes());
    });
}

fn one_that_died_unused_is_replaced() {
    let place = Place::new();
    let keeper = place.keeper();
    block_on(async {
        keeper.make_ready().await;
        kill_and_wait(place.keeper_pid());
        assert_eq!(exited(&keeper, 1, sh("exit 0")).await.status, ExitStatus::Code(0));
    });
}

fn one_that_nobody_used_goes_with_its_engine() {
    let place = Place::new();
    let keeper = place.keeper();
    block_on(keeper.make_ready());
    let ready = place.keeper_pid();
    drop(keeper);
    wait_gone(ready);
}
