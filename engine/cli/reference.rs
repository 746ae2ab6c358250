//! Pages that are written by the program itself: the options of the steps, and the command line.
//!
//! `BLESS=1 cargo test --lib reference` writes them anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::{Arg, Command};
use runbook_runtime::script::{schema, test_schema};

use crate::commands::arguments;

const BY_PROGRAM: &str =
    "<!-- Written by engine/cli/reference.rs from the program; `BLESS=1 cargo test --lib reference` renews it. -->";

/// Compares a page with what the program would write.
#[track_caller]
fn holds(name: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/reference").join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, wanted).expect("the page can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/src/reference/{name} is not what the program is: BLESS=1 renews it");
}

/// The functions that take options, with their options.
fn steps() -> String {
    let mut page = format!("# Steps and options\n\n{BY_PROGRAM}\n\n");
    page.push_str(
        "Every option that there is, from the same table by which `runbook check` and the running script judge. \
         [The language](language.md) explains them in context.\n",
    );
    for table in schema().iter().chain(test_schema()) {
        if std::ptr::eq(table, &test_schema()[0]) {
            page.push_str("\n# In tests\n\nFor `NAME.test.rhai`: [Tests](../guides/testing.md) explains them.\n");
        }
        write!(page, "\n## {}\n\n`{}`: {}.\n\n", table.name, table.usage, cell(table.help)).expect("a text takes all");
        page.push_str("| option | holds | meaning |\n|---|---|---|\n");
        for option in table.options {
            let required = if option.required { " (required)" } else { "" };
            let line = format!("| `{}` | {} | {}{required} |\n", option.name, cell(&option.kind.wanted()), cell(option.help));
            page.push_str(&line);
        }
    }
    page
}

/// The verbs, with their arguments.
fn command_line() -> String {
    let mut command = arguments::command();
    command.build();
    let mut page = format!("# The command line\n\n{BY_PROGRAM}\n\n");
    page.push_str("`runbook VERB --help` says the same. What the numbers at the end mean: [Exit codes](exit-codes.md).\n");
    for (heading, verbs) in arguments::GROUPS {
        write!(page, "\n## {heading}\n").expect("a text takes all");
        for verb in verbs {
            let verb = command.find_subcommand(verb).expect("a verb of a group exists");
            verb_of(&mut page, verb, verb.get_name());
            for part in verb.get_subcommands() {
                verb_of(&mut page, part, &format!("{} {}", verb.get_name(), part.get_name()));
            }
        }
    }
    page.push_str("\n## With every verb\n\n");
    table(&mut page, command.get_arguments().filter(|arg| arg.is_global_set()));
    page
}

fn verb_of(page: &mut String, verb: &Command, name: &str) {
    let about = verb.get_long_about().or(verb.get_about()).map(ToString::to_string).unwrap_or_default();
    let own: Vec<_> =
        verb.get_arguments().filter(|arg| !arg.is_global_set() && !arg.is_hide_set() && arg.get_id() != "help").collect();
    let mut usage = format!("runbook {name}");
    let (required, options): (Vec<&Arg>, Vec<&Arg>) =
        own.iter().copied().filter(|arg| !arg.is_positional()).partition(|arg| arg.is_required_set());
    if !options.is_empty() {
        usage.push_str(" [OPTIONS]");
    }
    for arg in required {
        write!(usage, " {arg}").expect("a text takes all");
    }
    for arg in own.iter().filter(|arg| arg.is_positional()) {
        write!(usage, " {arg}").expect("a text takes all");
    }
    let about = about.replacen("\n\n", ".\n\n", 1);
    let stop = if about.ends_with('.') { "" } else { "." };
    write!(page, "\n### {name}\n\n`{usage}`\n\n{about}{stop}\n").expect("a text takes all");
    if !own.is_empty() {
        page.push('\n');
        table(page, own.into_iter());
    }
}

fn table<'a>(page: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    page.push_str("| argument | meaning |\n|---|---|\n");
    for arg in arguments {
        let short = arg.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
        let long = arg.to_string();
        let mut meaning = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let values: Vec<_> = arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
        if arg.get_action().takes_values() && !values.is_empty() {
            write!(meaning, " ({})", values.join(", ")).expect("a text takes all");
        }
        let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if arg.get_action().takes_values() && !defaults.is_empty() {
            write!(meaning, "; `{}` unless given", defaults.join(", ")).expect("a text takes all");
        }
        writeln!(page, "| {short}`{}` | {} |", cell(&long), cell(&meaning)).expect("a text takes all");
    }
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_steps_are_what_the_program_checks_by() {
    holds("steps.md", &steps());
}

#[test]
fn a_usage_names_every_option_that_is_required() {
    let page = command_line();
    for usage in [
        "`runbook resolve --why <TEXT> <RUN> <STEP> <VERDICT>`",
        "`runbook abandon --why <TEXT> <RUN>`",
        "`runbook answer [OPTIONS] [RUN] [STEP]`",
    ] {
        assert!(page.contains(usage), "{usage} is missing");
    }
}

#[test]
fn the_command_line_is_what_the_program_takes() {
    holds("cli.md", &command_line());
}
