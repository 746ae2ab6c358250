//! The engine's answers, without a shell.

use clap::Parser as _;

use super::{Asked, Kind, answer};

fn offered(line: &str) -> Vec<String> {
    let (before, current) = super::words::split(line);
    answer(&before, &current).offers.into_iter().map(|offer| offer.value).collect()
}

fn told(words: &[&str]) -> String {
    Asked::try_parse_from(["complete"].iter().chain(words)).unwrap().told()
}

#[test]
fn verbs_come_in_the_order_of_the_help_and_hidden_ones_not_at_all() {
    let verbs = offered("");
    assert_eq!(verbs[..3], ["exec", "resume", "rollback"]);
    assert!(verbs.contains(&"help".to_owned()) && !verbs.contains(&"keeper".to_owned()));
    assert_eq!(offered("alerts "), ["check", "link"]);
}

#[test]
fn options_of_the_verb_come_first_and_each_once() {
    let options = offered("exec api --dry-run --");
    assert!(options.contains(&"--param".to_owned()) && !options.contains(&"--dry-run".to_owned()), "{options:?}");
    let at = |name: &str| options.iter().position(|it| it == name).unwrap();
    assert!(at("--yes") < at("--root"), "{options:?}");
}

#[test]
fn values_are_completed_wherever_an_option_takes_them() {
    for line in ["list --color n", "list --color=n", "--color n"] {
        assert_eq!(offered(line).last().unwrap().trim_start_matches("--color="), "never", "{line}");
    }
    assert_eq!(offered("show x --format=m"), ["--format=md", "--format=mermaid"]);
    assert_eq!(offered("explain rb000")[0], "RB0001");
    assert_eq!(offered("help exit"), ["exit-codes"]);
    assert_eq!(offered("runs --state in"), ["in doubt", "interrupted"]);
    assert!(offered("exec -- --").is_empty());
}

#[test]
fn files_are_left_to_the_shell() {
    let kind = |words: &[&str]| answer(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>(), "").kind;
    assert_eq!(kind(&["import"]), Kind::Files);
    assert_eq!(kind(&["report", "01AB", "--out"]), Kind::Files);
    assert_eq!(kind(&["-C"]), Kind::Directories);
    assert_eq!(kind(&["verify", "--repo"]), Kind::Directories);
    assert_eq!(told(&["nushell", "--word=", "--", "import"]), "null\n");
}

#[test]
fn bash_gets_what_it_replaces_quoted_as_the_word_began() {
    let told = |line: &str, word: &str| told(&["bash", &format!("--line={line}"), &format!("--word={word}")]);
    assert_eq!(told("runbook runs --state=in", "in"), "words\nin\\ doubt\ninterrupted\n");
    assert_eq!(told("runbook runs --state 'in", "in"), "words\nin doubt\ninterrupted\n");
    assert_eq!(told("runbook runs --sta", "--sta"), "words\n--state\n--state-dir\n");
}

#[test]
fn powershell_and_nushell_get_texts_that_they_take_for_themselves() {
    assert_eq!(told(&["powershell", "--word=in", "--", "runs", "--state"]), "words\n'in doubt'\t\ninterrupted\t\n");
    let json: serde_json::Value = serde_json::from_str(&told(&["nushell", "--word=in", "--", "runs", "--state"])).unwrap();
    assert_eq!(json[0]["value"], "\"in doubt\"");
    assert_eq!(json[1]["value"], "interrupted");
}

#[test]
fn what_is_no_question_has_no_answer() {
    assert!(Asked::try_parse_from(["complete", "tcsh"]).is_err());
    assert_eq!(told(&["zsh", "--word=x", "--", "no-such-verb", "--nor-option"]), "words\n");
}
