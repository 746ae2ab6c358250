use proptest::prelude::*;
use runbook_model::length::Length;
use serde_json::json;

use super::*;

fn look(passed: bool) -> Look {
    Look::Value(json!(passed))
}

fn millis(length: u64) -> Option<Length> {
    Some(Length::from_millis(length))
}

fn at(millis: u64) -> Looks {
    Looks { before: 0, millis, after_withheld: false }
}

/// Plays a check against a world whose health is a list of intervals; says how it ended, when, and when it looked.
fn play(check: &Check, healthy: impl Fn(u64) -> bool) -> (Outcome, Vec<u64>) {
    let (mut now, mut looked) = (0, Vec::new());
    loop {
        looked.push(now);
        assert!(looked.len() < 5_000, "the check never ends");
        let history = Looks { before: looked.len() as u32 - 1, millis: now, after_withheld: false };
        match judge_live(check, &history, look(healthy(now))) {
            Judgement::Ended(outcome) => return (outcome, looked),
            Judgement::Again(pause) => {
                assert!(!pause.is_zero(), "a pause of nothing is a busy loop");
                now += u64::try_from(pause.as_millis()).unwrap();
            }
        }
    }
}

#[test]
fn without_options_the_first_look_decides() {
    let check = Check::default();
    let passed = Judgement::Ended(Outcome::Succeeded(Answer::Value(json!("v1.4"))));
    assert_eq!(judge_live(&check, &at(0), Look::Value(json!("v1.4"))), passed);
    let missed = Failure::NotMet { saw: Value::Null, expected: None };
    assert_eq!(judge_live(&check, &at(0), Look::Value(Value::Null)), Judgement::Ended(Outcome::Failed(missed)));
}

#[test]
fn a_difference_is_reported_with_both_sides_and_numbers_compare_by_value() {
    let check = Check { expect: Some(json!({ "status": 200, "ids": [1, 2.0] })), ..Check::default() };
    let seen = json!({ "ids": [1.0, 2], "status": 200 });
    assert!(matches!(judge_live(&check, &at(0), Look::Value(seen)), Judgement::Ended(Outcome::Succeeded(_))));
    let Judgement::Ended(Outcome::Failed(failure)) = judge_live(&check, &at(0), Look::Value(json!(false))) else {
        panic!("a difference must fail")
    };
    assert_eq!(failure.line(), r#"saw false, expected {"ids":[1,2.0],"status":200}"#);
    let expects_false = Check { expect: Some(json!(false)), ..Check::default() };
    assert!(matches!(judge_live(&expects_false, &at(0), look(false)), Judgement::Ended(Outcome::Succeeded(_))));
}

#[test]
fn an_error_of_the_closure_is_a_miss_under_within_and_a_failure_otherwise() {
    let failed = || Look::Failed { message: "connection refused".to_owned(), location: None };
    let patient = Check { within: millis(5_000), ..Check::default() };
    assert_eq!(judge_live(&patient, &at(4_700), failed()), Judgement::Again(Duration::from_millis(300)));
    for (check, now) in [(&patient, 5_000), (&Check::default(), 0), (&Check { during: millis(5_000), ..Check::default() }, 1_000)]
    {
        let Judgement::Ended(Outcome::Failed(failure)) = judge_live(check, &at(now), failed()) else { panic!("{check:?}") };
        assert_eq!(failure.line(), "connection refused");
    }
}

#[test]
fn an_advisory_check_never_stops_the_run() {
    let check = Check { advisory: true, ..Check::default() };
    assert!(matches!(judge_live(&check, &at(0), look(false)), Judgement::Ended(Outcome::Missed(_))));
}

#[test]
fn a_rehearsal_looks_once_behind_a_withheld_change() {
    let withheld = Looks { after_withheld: true, ..Looks::default() };
    let mut check = Check { within: millis(60_000), during: millis(60_000), ..Check::default() };
    let verified = Judgement::Ended(Outcome::Succeeded(Answer::Value(json!("v2"))));
    assert_eq!(judge_dry(&check, &withheld, Look::Value(json!("v2"))), verified, "what holds already is verified");
    let because = "it depends on changes that were withheld; now it gives: not met".to_owned();
    let unknown = Judgement::Ended(Outcome::Unknown { because });
    assert_eq!(judge_dry(&check, &withheld, look(false)), unknown);
    check.assume = Some(json!("v2"));
    let assumed = Judgement::Ended(Outcome::Withheld { assumed: Some(json!("v2")) });
    assert_eq!(judge_dry(&check, &withheld, look(false)), assumed);
    assert_eq!(judge_dry(&check, &Looks::default(), Look::Unknown { because: "x".to_owned() }), assumed);
    assert_eq!(judge_dry(&check, &withheld, Look::Value(json!("v2"))), verified, "nothing is assumed that can be seen");
}

proptest! {
    /// The oracle says it over the whole history, the schedule knows one look at a time.
    #[test]
    fn agrees_with_the_plain_meaning(
        within in prop::option::of(1u64..200),
        during in prop::option::of(1u64..200),
        every in prop::option::of(1u64..50),
        advisory: bool,
        flips in prop::collection::vec(1u64..90, 0..8),
        start: bool,
    ) {
        let healthy = |now: u64| {
            let mut edge = 0;
            flips.iter().take_while(|&&flip| { edge += flip; edge <= now }).count().is_multiple_of(2) == start
        };
        let check = Check { within: within.and_then(millis), during: during.and_then(millis), every: every.and_then(millis), advisory, ..Check::default() };
        let (outcome, looked) = play(&check, healthy);
        let (within, hold) = (within.unwrap_or(0), during.unwrap_or(0));
        let end = *looked.last().unwrap();
        // No look comes later than promised, and none is further from the one before than `every`.
        prop_assert!(end <= within + hold);
        prop_assert!(looked.windows(2).all(|pair| pair[1] - pair[0] <= every.unwrap_or(1_000)));
        let wanted = if during.is_none() {
            // Some look passes; the last one is taken at the deadline.
            prop_assert!(healthy(end) || end == within);
            prop_assert!(looked[..looked.len() - 1].iter().all(|&now| !healthy(now)));
            healthy(end)
        } else {
            // Every look from `within` on passes, the first of them at `within`, the last one at the very end.
            let held: Vec<_> = looked.iter().copied().filter(|&now| now >= within).collect();
            prop_assert_eq!(held.first(), Some(&within));
            held.iter().all(|&now| healthy(now)) && end == within + hold
        };
        match outcome {
            Outcome::Succeeded(_) => prop_assert!(wanted),
            Outcome::Failed(_) => prop_assert!(!wanted && !advisory),
            Outcome::Missed(_) => prop_assert!(!wanted && advisory),
            other => prop_assert!(false, "a live check ended as {other:?}"),
        }
    }

    #[test]
    fn a_rehearsal_before_any_withheld_change_means_the_same_as_live(
        within in prop::option::of(1u64..200), during in prop::option::of(1u64..200), now in 0u64..500, passed: bool, withheld: bool,
    ) {
        let check = Check { within: within.and_then(millis), during: during.and_then(millis), ..Check::default() };
        let looks = Looks { before: 0, millis: now, after_withheld: withheld };
        let dry = judge_dry(&check, &looks, look(passed));
        if withheld {
            prop_assert!(matches!(dry, Judgement::Ended(_)), "one look only");
        } else {
            prop_assert_eq!(dry, judge_live(&check, &looks, look(passed)));
        }
    }
}
