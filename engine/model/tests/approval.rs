//! When a confirm is answered: by enough different people, who say the same.

mod started;

use runbook_model::answer::Said;
use runbook_model::approval::{self, Approval, weigh};
use runbook_model::digest::Digest;
use runbook_model::person::{Decider, From, Person};
use runbook_model::state::{Answered, RunState};
use runbook_model::step::Confirm;
use started::first;

fn state() -> RunState {
    RunState::begin(&first(Vec::new())).expect("a start")
}

fn person(name: &str) -> Decider {
    Decider::Person(Person { name: name.to_owned(), host: "h".to_owned(), from: From::CommandLine })
}

/// What the answers to a question for two people amount to.
fn weighed(answers: &[(Decider, Said)]) -> Approval {
    let confirm = Confirm { quorum: Some(2), choices: vec!["blue".to_owned(), "green".to_owned()], ..Confirm::default() };
    let answers: Vec<_> =
        answers.iter().map(|(by, said)| Answered { said: said.clone(), by: by.clone(), shown: Digest::ZERO }).collect();
    weigh(&confirm, &answers, Digest::ZERO, &state())
}

#[test]
fn two_people_agree_only_on_the_same() {
    let (blue, green) = (|| Said::Chose("blue".to_owned()), || Said::Chose("green".to_owned()));
    assert_eq!(weighed(&[(person("alice"), blue()), (person("bob"), green())]), Approval::Open);
    // Whoever comes to think otherwise has one voice all the same.
    assert_eq!(weighed(&[(person("alice"), blue()), (person("alice"), green())]), Approval::Open);
    let convinced = [(person("alice"), blue()), (person("bob"), green()), (person("alice"), green())];
    assert_eq!(weighed(&convinced), Approval::Agreed(green()));
    assert_eq!(weighed(&[(person("alice"), blue()), (person("bob"), blue())]), Approval::Agreed(blue()));
    let declined = [(person("alice"), blue()), (person("bob"), Said::No)];
    assert_eq!(weighed(&declined), Approval::Declined { by: "bob".to_owned() });
}

#[test]
fn a_flag_is_not_one_of_two_people() {
    let yes = || Said::Chose("blue".to_owned());
    assert_eq!(weighed(&[(Decider::Flag("--yes".to_owned()), yes()), (person("alice"), yes())]), Approval::Open);
}

#[test]
fn a_deadline_counts_from_the_first_asking_whatever_the_clock_does() {
    let at = |seconds: i64| jiff::Timestamp::from_second(1_795_230_000 + seconds).expect("in range");
    let confirm = |escalate: &[&str]| Confirm {
        deadline: "1m".parse().ok(),
        escalate: escalate.iter().map(|who| (*who).to_owned()).collect(),
        ..Confirm::default()
    };
    let left =
        |confirm: &Confirm, last: i64, now: i64| approval::left(confirm, at(0), at(last), at(now)).map(|left| left.millis());
    assert_eq!(left(&Confirm::default(), 0, 9_999), None);
    assert_eq!(left(&confirm(&[]), 0, 20), Some(40_000));
    assert_eq!(left(&confirm(&[]), 0, 61), Some(0));
    assert_eq!(left(&confirm(&["@boss"]), 0, 61), Some(59_000), "whoever it is escalated to has as long again");
    assert_eq!(left(&confirm(&[]), 50, 10), Some(10_000), "the clock was set back");
    assert_eq!(left(&confirm(&[]), -50, -10), Some(60_000), "before it was asked");
}

#[test]
fn a_question_that_too_few_may_answer_is_told_apart() {
    let mut record = first(Vec::new());
    let runbook_model::entry::Entry::RunStarted(started) = &mut record.entry else { panic!("a start") };
    started.groups = [("l2".to_owned(), ["ann", "bob"].map(str::to_owned).into())].into();
    let texts = |by: &[&str]| by.iter().map(|by| (*by).to_owned()).collect::<Vec<_>>();
    let short = |by: &[&str], escalate: &[&str], quorum: Option<u32>, not_self: bool| {
        let confirm = Confirm { by: texts(by), escalate: texts(escalate), quorum, not_self, ..Confirm::default() };
        approval::shortage(&confirm, started, "ann")
    };
    // Anybody may answer, so somebody will.
    assert_eq!(short(&[], &[], Some(5), true), None);
    assert_eq!(short(&["@l2"], &[], Some(2), false), None);
    assert_eq!(short(&["ann"], &["@l2"], Some(2), false), None, "those that it is escalated to count as well");
    assert_eq!(
        short(&["@l2", "bob"], &[], Some(2), true).as_deref(),
        Some("2 people have to agree, and no more than 1 may answer: bob")
    );
    assert_eq!(short(&["ann"], &[], None, true).as_deref(), Some("there is nobody who may answer"));
    assert!(short(&["bob", "@l3"], &[], None, false).is_some_and(|why| why.contains("nobody is `@l3`")));
}
