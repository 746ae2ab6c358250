//! What every layout of a report has to get right, whatever the run was called and however long it took.

use jiff::SignedDuration;
use runbook_model::account::Account;
use runbook_model::entry::{Entry, Record};
use runbook_model::status::RunStatus;

use super::{Dossier, Seal, Trouble, facts, html, markdown};
use crate::output::reporters::example::Example;

fn dossier(records: &[Record], trouble: Option<Trouble>) -> Dossier {
    let account = Account::of(records).expect("an account");
    Dossier { seen: account.last_at, account, at_work: None, trouble, seal: Seal::Nothing, audit: String::new() }
}

/// The same, begun at another time.
fn later(mut records: Vec<Record>, hours: i64, minutes: i64) -> Vec<Record> {
    for record in &mut records {
        record.at += SignedDuration::from_mins(hours * 60 + minutes);
    }
    records
}

#[test]
fn a_run_over_midnight_says_on_which_day_each_step_was() {
    // From 23:59:50 on, a second a record.
    let mut records = later(Example::failing_and_rolled_back(), 20, 59);
    for record in &mut records {
        record.at += SignedDuration::from_secs(50);
    }
    let night = dossier(&records, None);
    let (md, page) = (markdown::document(&night), html::page(&night));
    for text in [&md, &page] {
        for moment in ["11-21 23:59:5", "11-22 00:00:0"] {
            assert!(text.contains(moment), "{moment} is missing in\n{text}");
        }
    }
    assert!(md.contains("Turned around at 11-22 00:00:0"), "{md}");
    let day = markdown::document(&dossier(&Example::failing_and_rolled_back(), None));
    assert!(day.contains("| 03:00:0") && !day.contains("| 11-21"), "within a day the time is enough:\n{day}");
}

#[test]
fn a_rehearsal_that_died_is_rehearsed_again_and_has_not_ended() {
    let mut records = Example::rehearsal();
    records.truncate(5);
    let died = dossier(&records, Some(Trouble::Died));
    let said = facts::trouble(&died).expect("trouble");
    assert!(said.contains("`runbook exec rollback-api --dry-run`") && !said.contains("resume"), "{said}");
    let names: Vec<_> = facts::overview(&died).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"Last record") && !names.contains(&"Ended"), "{names:?}");
}

#[test]
fn a_name_with_back_ticks_stays_one_name() {
    for (name, shown, written) in [
        ("restart `nginx` <now>", "<code>restart `nginx` &lt;now&gt;</code>: not met", "``restart `nginx` <now>``: not met"),
        ("odd ` one", "<code>odd ` one</code>: not met", "``odd ` one``: not met"),
    ] {
        let mut example = Example::live();
        let mut records = example.opening();
        let status = RunStatus::Failed { at: Some(Example::path(name)), message: "not met".to_owned() };
        records.push(example.record(Entry::SessionEnded { status }));
        let failed = dossier(&records, None);
        let (md, page) = (markdown::document(&failed), html::page(&failed));
        assert!(page.contains(shown), "{shown} is missing in\n{page}");
        assert!(md.contains(written), "{written} is missing in\n{md}");
    }
}
