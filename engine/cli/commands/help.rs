//! `runbook help`: help on the program, a verb, or the exit codes.

use runbook_model::parameter::nearest;

use crate::commands::arguments;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output;

/// Print help on the program, a verb, or `exit-codes`
#[derive(Debug, clap::Args)]
pub struct Help {
    /// A verb, or `exit-codes`
    #[arg(value_name = "TOPIC")]
    pub topic: Option<String>,
}

/// Prints it.
///
/// # Errors
/// There is no such topic.
pub fn run(help: &Help) -> Result<(), Failure> {
    output::to_stdout(&text(help.topic.as_deref())?)
}

fn text(topic: Option<&str>) -> Result<String, Failure> {
    let mut command = arguments::command();
    command.build();
    let Some(topic) = topic else { return Ok(command.render_help().to_string()) };
    if topic == "exit-codes" {
        return Ok(ExitCode::table());
    }
    if let Some(verb) = command.find_subcommand_mut(topic) {
        return Ok(verb.render_long_help().to_string());
    }
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set()).map(clap::Command::get_name);
    let failure = Failure::usage(format!("there is no help on `{topic}`"));
    Err(match nearest(topic, verbs.chain(["exit-codes"])) {
        Some(near) => failure.hint(format!("runbook help {near}")),
        None => failure.hint("runbook help"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_every_verb_the_exit_codes_and_what_was_meant() {
        assert!(text(Some("exit-codes")).unwrap().contains("  130  interrupted; resumable"));
        assert!(text(Some("resume")).unwrap().contains("Usage: runbook resume"));
        assert!(text(Some("nope")).unwrap_err().rendered(output::style::Palette::plain()).ends_with("next: runbook help\n"));
        let failure = text(Some("exit-code")).unwrap_err();
        assert!(failure.rendered(output::style::Palette::plain()).contains("next: runbook help exit-codes"));
    }
}
