//! What stands on the screen, byte by byte and as a terminal would show it.

use std::cell::Cell;
use std::rc::Rc;

use proptest::prelude::*;
use runbook_model::answer::Answer;
use runbook_model::entry::{BranchFailure, Entry, ParallelEntered};
use runbook_model::outcome::Outcome;
use runbook_model::person::Decider;
use runbook_model::status::RunStatus;
use runbook_model::step::{Location, RollbackPlan};

use super::*;
use crate::output::reporters::example::{Example, Paper, hand_clock, same};
use crate::output::style::Palette;

struct Desk {
    paper: Paper,
    hand: Rc<Cell<u64>>,
    columns: Rc<Cell<usize>>,
    terminal: Terminal,
}

fn desk(palette: Palette, unicode: bool) -> Desk {
    let paper = Paper::default();
    let (clock, hand) = hand_clock();
    let columns = Rc::new(Cell::new(100));
    let width = Rc::clone(&columns);
    let screen = Screen { palette, live: true, marked: true, unicode, width: 100 };
    let telling = Telling { verbose: false, trail: Some(".runbook/audit.git".to_owned()), ..Telling::default() };
    let terminal = Terminal::new(Box::new(paper.clone()), screen, Box::new(move || width.get()), clock, telling);
    Desk { paper, hand, columns, terminal }
}

/// What a terminal shows after all of it: `\r`, `ESC[K`, `ESC[J` and `ESC[nA` are all that the reporter moves with.
fn shown(written: &str) -> String {
    let mut lines = vec![String::new()];
    let (mut row, mut column) = (0, 0);
    let mut rest = written;
    while let Some(c) = rest.chars().next() {
        if let Some(tail) = rest.strip_prefix("\u{1b}[K") {
            lines[row] = lines[row].chars().take(column).collect();
            rest = tail;
            continue;
        }
        if let Some(tail) = rest.strip_prefix("\u{1b}[J") {
            lines[row] = lines[row].chars().take(column).collect();
            lines.truncate(row + 1);
            rest = tail;
            continue;
        }
        if let Some((up, tail)) = rest.strip_prefix("\u{1b}[").and_then(|tail| tail.split_once('A'))
            && let Ok(up) = up.parse::<usize>()
        {
            row = row.checked_sub(up).expect("never above what it has drawn");
            rest = tail;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\r' => column = 0,
            '\n' => {
                row += 1;
                column = 0;
                if row == lines.len() {
                    lines.push(String::new());
                }
            }
            c => {
                let mut chars: Vec<_> = lines[row].chars().collect();
                chars.truncate(chars.len().max(column));
                if column < chars.len() {
                    chars[column] = c;
                } else {
                    chars.push(c);
                }
                lines[row] = chars.into_iter().collect();
                column += 1;
            }
        }
    }
    lines.join("\n")
}

#[test]
fn a_failure_and_its_rollback() {
    let Desk { paper, mut terminal, .. } = desk(Palette::plain(), true);
    Example::failing_and_rolled_back().iter().for_each(|record| terminal.fact(record));
    drop(terminal);
    same(&shown(&paper.text()), "terminal_failure.txt");
}

#[test]
fn a_rehearsal() {
    let Desk { paper, mut terminal, .. } = desk(Palette::plain(), true);
    Example::rehearsal().iter().for_each(|record| terminal.fact(record));
    drop(terminal);
    same(&shown(&paper.text()), "terminal_rehearsal.txt");
}

#[test]
fn nothing_but_ascii_where_nothing_else_can_be_shown() {
    let Desk { paper, mut terminal, .. } = desk(Palette::plain(), false);
    let mut example = Example::live();
    example.opening().iter().for_each(|record| terminal.fact(record));
    terminal.fact(&example.intend_run("restart", &["true"]));
    drop(terminal);
    let marks: Vec<_> = paper.text().chars().filter(|c| !c.is_ascii() && *c != '·').collect();
    assert!(marks.is_empty(), "{marks:?}");
}

#[test]
fn the_live_line_says_what_goes_on_and_leaves_nothing_behind() {
    let Desk { paper, hand, mut terminal, columns } = desk(Palette::plain(), true);
    let mut example = Example::live();
    example.opening().iter().for_each(|record| terminal.fact(record));
    terminal.fact(&example.intend_run("restart the service", &["systemctl", "restart", "api"]));
    let path = Example::path("restart the service");
    hand.set(7_000);
    terminal.progress(&Progress::Output { path, stderr: false, bytes: b"10 %\r90 %\x1b[2J".to_vec() });
    let last = |paper: &Paper| shown(&paper.text()).lines().last().unwrap_or_default().to_owned();
    assert_eq!(last(&paper), "⠋ command restart the service 7s 1m51s left 90 %␛[2J");
    columns.set(30);
    hand.set(125_000);
    terminal.progress(&Progress::Tick);
    assert_eq!(last(&paper), "⠋ command restart the service");
    columns.set(59);
    hand.set(126_000);
    terminal.progress(&Progress::Tick);
    assert_eq!(last(&paper), "⠋ command restart the service 2m06s 8s over budget 90 %␛[…");
    terminal.progress(&Progress::Quiet);
    assert_eq!(last(&paper), format!("· run {}  by alice@ops-1", run_id()));
    let quiet = paper.text().len();
    hand.set(127_000);
    terminal.progress(&Progress::Tick);
    assert_eq!(paper.text().len(), quiet, "a question stands there");
    terminal.fact(&example.record(Entry::SessionEnded { status: RunStatus::Interrupted }));
    drop(terminal);
    let text = shown(&paper.text());
    assert!(!text.contains("⠋") && text.contains(&format!("→ runbook resume {}", run_id())), "{text}");
}

#[test]
fn frames_are_not_drawn_faster_than_the_eye_sees() {
    let Desk { paper, hand, mut terminal, .. } = desk(Palette::plain(), true);
    let mut example = Example::live();
    example.opening().iter().for_each(|record| terminal.fact(record));
    terminal.fact(&example.intend_run("restart", &["true"]));
    let before = paper.text().len();
    for millis in 0..100 {
        hand.set(millis);
        terminal.progress(&Progress::Output { path: Example::path("restart"), stderr: false, bytes: b"x\n".to_vec() });
    }
    assert_eq!(paper.text().len(), before);
    hand.set(100);
    terminal.progress(&Progress::Tick);
    assert!(paper.text().len() > before);
}

#[test]
fn colours_of_a_command_pass_and_its_other_sequences_do_not() {
    let Desk { paper, mut terminal, .. } = desk(Palette::coloured(), true);
    Example::failing_and_rolled_back().iter().for_each(|record| terminal.fact(record));
    drop(terminal);
    let text = paper.text();
    assert!(text.contains("\u{1b}[31mJob failed\u{1b}[0m") && text.contains("␛]0;owned␇see journalctl"));
    for sequence in text.split('\u{1b}').skip(1) {
        let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap();
        assert!(sequence.starts_with('[') && matches!(&sequence[end..=end], "m" | "K" | "J" | "A"), "{sequence:?}");
    }
}

#[test]
fn who_joins_later_knows_the_step_but_does_not_tell_the_past() {
    let Desk { paper, mut terminal, .. } = desk(Palette::plain(), true);
    let mut example = Example::live();
    let mut records = example.opening();
    records.push(example.intend_run("restart", &["systemctl", "restart", "api"]));
    terminal.catch_up(&records);
    assert_eq!(paper.text(), "");
    let end = Outcome::Succeeded(Answer::Nothing);
    terminal.fact(&example.end(Example::path("restart"), end, Vec::new()));
    assert_eq!(shown(&paper.text()), "✓ command  restart  1.2s\n");
}

#[test]
fn a_run_that_is_told_again_advises_only_at_its_end() {
    let mut example = Example::live();
    let mut records = example.opening();
    records.push(example.record(Entry::SessionEnded { status: RunStatus::Interrupted }));
    records.push(records[1].clone());
    records.push(example.record(Entry::SessionEnded {
        status: RunStatus::Failed { at: Some(Example::path("restart")), message: "no".to_owned() },
    }));
    let paper = Paper::default();
    let (clock, _) = hand_clock();
    let screen = Screen { palette: Palette::plain(), live: true, marked: true, unicode: true, width: 80 };
    let telling = Telling::default().again(&records);
    let mut terminal = Terminal::new(Box::new(paper.clone()), screen, Box::new(|| 80), clock, telling);
    crate::output::reporters::retell(&records, &mut terminal);
    assert_eq!(paper.text().matches("→ runbook resume").count(), 1, "{}", paper.text());
}

#[test]
fn a_mistake_in_the_script_advises_to_adopt_the_mended_one() {
    let mut example = Example::live();
    let Desk { paper, mut terminal, .. } = desk(Palette::plain(), true);
    for record in example.opening() {
        terminal.fact(&record);
    }
    let status = RunStatus::Failed { at: None, message: "no such property".to_owned() };
    terminal.fact(&example.record(Entry::SessionEnded { status }));
    let text = paper.text();
    let (adopt, plain) = (text.find("--adopt  once the runbook is mended"), text.rfind("→ runbook resume"));
    assert!(adopt.is_some() && adopt < plain, "{text}");
}

/// A `parallel` of these items, and the first step of each that has begun.
fn branches(example: &mut Example, items: &[&str], begun: usize) -> Vec<Record> {
    let path = Example::path("restart");
    let asked = ParallelEntered {
        path: path.clone(),
        items: items.iter().map(|item| (*item).to_owned()).collect(),
        max: 3,
        max_failures: 1,
        location: Location::default(),
    };
    let mut records = vec![example.record(Entry::ParallelEntered(Box::new(asked)))];
    for item in &items[..begun] {
        let branch = path.child(item, 1);
        records.push(example.record(Entry::BranchEntered { path: branch.clone() }));
        let change = crate::output::reporters::example::run(&["stop", item]);
        records.push(example.intend_change(branch.child("stop", 1), change, RollbackPlan::Undeclared, Vec::new()));
    }
    records
}

#[test]
fn each_branch_has_a_live_line_and_its_name_in_every_other() {
    let Desk { paper, hand, mut terminal, .. } = desk(Palette::plain(), true);
    let mut example = Example::live();
    example.opening().iter().for_each(|record| terminal.fact(record));
    branches(&mut example, &["web-1", "web-2", "web-3", "web-4"], 3).iter().for_each(|record| terminal.fact(record));
    let restart = Example::path("restart");
    let step = |item: &str| restart.child(item, 1).child("stop", 1);
    hand.set(3_000);
    terminal.progress(&Progress::Output { path: step("web-2"), stderr: false, bytes: b"half\n".to_vec() });
    let tail = |paper: &Paper, n: usize| {
        let text = shown(&paper.text());
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines[lines.len() - n..].to_vec()
    };
    assert_eq!(
        tail(&paper, 5),
        [
            "▸ restart  4 items, 3 at a time, 1 may fail",
            "    web-1, web-2, web-3, web-4",
            "⠋ command web-1: stop 7s 1m49s left",
            "⠋ command web-2: stop 5s half",
            "⠋ command web-3: stop 3s",
        ]
    );
    terminal.fact(&example.end(step("web-2"), Outcome::Succeeded(Answer::Nothing), Vec::new()));
    let failed = BranchFailure { step: Some(step("web-2")), message: "exit code 1".to_owned() };
    terminal.fact(&example.record(Entry::BranchLeft { path: restart.child("web-2", 1), millis: 1200, failed: Some(failed) }));
    let text = tail(&paper, 4);
    assert_eq!(text[..2], ["  ✓ command  web-2: stop  1.2s", "  ✗ web-2 failed  1.2s · exit code 1"]);
    assert!(text[2].starts_with("⠋ command web-1") && text[3].starts_with("⠋ command web-3"), "{text:?}");
    for item in ["web-1", "web-3"] {
        terminal.fact(&example.end(step(item), Outcome::Succeeded(Answer::Nothing), Vec::new()));
    }
    terminal.fact(&example.record(Entry::ParallelLeft { path: restart, millis: 2_000 }));
    drop(terminal);
    let text = shown(&paper.text());
    assert!(text.ends_with("· restart  2.0s · 2 of 4 done, 1 failed, 1 not reached\n") && !text.contains('⠋'), "{text}");
}

#[test]
fn live_lines_stay_within_half_of_the_screen() {
    let Desk { paper, hand, terminal, .. } = desk(Palette::plain(), true);
    let rows = Rc::new(Cell::new(24));
    let height = Rc::clone(&rows);
    let mut terminal = terminal.with_height(Box::new(move || height.get()));
    let mut example = Example::live();
    example.opening().iter().for_each(|record| terminal.fact(record));
    let items: Vec<_> = (1..=30).map(|n| format!("web-{n}")).collect();
    let items: Vec<_> = items.iter().map(String::as_str).collect();
    branches(&mut example, &items, 30).iter().for_each(|record| terminal.fact(record));
    for (high, lines) in [(24, 10), (8, 4), (3, 1), (0, 1), (100, 10)] {
        rows.set(high);
        hand.set(hand.get() + 1_000);
        terminal.progress(&Progress::Tick);
        let text = shown(&paper.text());
        assert_eq!(text.lines().filter(|line| line.starts_with(|c| ('⠋'..='⠿').contains(&c))).count(), lines, "{text}");
        assert!(text.lines().last().is_some_and(|line| line.contains(&format!("(and {} more)", 30 - lines))), "{text}");
    }
}

#[test]
fn nothing_of_other_branches_comes_between_a_question_and_its_answer() {
    let Desk { paper, mut terminal, .. } = desk(Palette::plain(), true);
    let mut example = Example::live();
    example.opening().iter().for_each(|record| terminal.fact(record));
    branches(&mut example, &["web-1", "web-2"], 2).iter().for_each(|record| terminal.fact(record));
    terminal.progress(&Progress::Quiet);
    let asked = paper.text().len();
    let step = Example::path("restart").child("web-2", 1).child("stop", 1);
    terminal.fact(&example.end(step.clone(), Outcome::Succeeded(Answer::Nothing), Vec::new()));
    terminal.progress(&Progress::Output { path: step, stderr: false, bytes: b"x\n".to_vec() });
    terminal.progress(&Progress::Tick);
    assert_eq!(paper.text().len(), asked, "{}", paper.text());
    terminal.progress(&Progress::Heard);
    assert!(paper.text()[asked..].contains("✓ command  web-2: stop"), "{}", paper.text());
}

proptest! {
    #[test]
    fn whatever_names_and_messages_hold_the_terminal_sees_only_our_own_moves(text in "[a\u{1b}\u{7}\r\n\u{202e}\u{9b}\\[\\]mK2;é]{1,20}") {
        let Desk { paper, hand, mut terminal, .. } = desk(Palette::plain(), true);
        let mut example = Example::live();
        let mut records = example.opening();
        records.push(example.intend_run(&text, &[&text]));
        records.push(example.end(Example::path(&text), Outcome::Unknown { because: text.clone() }, Vec::new()));
        records.push(example.record(Entry::RollbackStarted { by: Decider::Flag(text.clone()), why: text.clone() }));
        records.push(example.intend_run(&text, &[&text]));
        records.push(example.record(Entry::SessionEnded { status: RunStatus::Failed { at: None, message: text.clone() } }));
        for record in &records {
            terminal.fact(record);
            hand.set(hand.get() + 200);
            terminal.progress(&Progress::Looking { path: Example::path(&text), looks: 2, saw: text.clone() });
            terminal.progress(&Progress::Notice { text: text.clone() });
        }
        drop(terminal);
        let ours = paper.text().replace("\r\u{1b}[K", "").replace("\u{1b}[K", "");
        prop_assert!(!ours.contains(|c: char| (c.is_control() && c != '\n' && c != '\r') || c == '\u{202e}'), "{ours:?}");
        // A carriage return is ours only before a live line.
        prop_assert!(ours.split('\r').skip(1).all(|line| line.starts_with(|c| ('⠋'..='⠿').contains(&c))), "{ours:?}");
    }
}

fn run_id() -> String {
    Example::live().opening()[0].run.to_string()
}

#[test]
fn what_is_long_is_laid_within_the_columns_and_hangs_below_its_text() {
    let Desk { columns, terminal, .. } = desk(Palette::plain(), true);
    let text = "the release of yesterday is switched on everywhere";
    let line = Line::new(jiff::Timestamp::UNIX_EPOCH, Mark::Withheld, text).kind("command").aside("12s").details([
        Detail::Text(Tone::Withheld, "would run: ln -sfn /srv/api/releases/2026-11-19 /srv/api/current".to_owned()),
        Detail::Text(Tone::Faint, "+   listen = \"0.0.0.0:8080 and everything else\"".to_owned()),
    ]);
    columns.set(40);
    assert_eq!(
        terminal.layout(&line),
        [
            "◌ the release of yesterday is switched",
            "  on everywhere  12s",
            "    would run: ln -sfn",
            "      /srv/api/releases/2026-11-19",
            "      /srv/api/current",
            "    +   listen = \"0.0.0.0:8080 and",
            "      everything else\"",
            "",
        ]
        .join("\n")
    );
    let next = Line::new(jiff::Timestamp::UNIX_EPOCH, Mark::Next, "runbook resume 01KAJ7XW9Q --state-dir /var/lib/runbook");
    assert_eq!(terminal.layout(&next).lines().count(), 1, "what is to be copied is one line");
}
