//! What a person may type. The help texts are the doc comments, here and in the file of each verb.

use std::ffi::OsString;

use clap::{Args as _, CommandFactory as _, Parser, Subcommand};

use super::{
    abandon, alerts, answer, behalf, check, completions, config, confined, courier, definitions, demo, diff, doctor, exec,
    explain, fetch, help, import, keeper, link, list, man, new, open, push, report, resolve, resume, review, rollback, runs,
    seal, serve, show, test, tutorial, verify,
};
use crate::globals::Globals;

/// Executes runbooks: writes every step down before and after it, rehearses, resumes, rolls back, keeps the trail in git.
#[derive(Debug, Parser)]
#[command(name = "runbook", version, disable_help_subcommand = true, arg_required_else_help = true, max_term_width = 100)]
#[command(
    help_template = "{about}\n\n{usage-heading} {usage}\n{after-help}\n{options}\n\nExit codes: `runbook help exit-codes`.\n"
)]
pub struct Arguments {
    /// Options of every verb.
    #[command(flatten)]
    pub globals: Globals,
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What can be asked for.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
#[expect(missing_docs, reason = "the help text of each is the doc comment of its type")]
pub enum Verb {
    Exec(exec::Exec),
    Resume(resume::Resume),
    Rollback(rollback::Rollback),
    Resolve(resolve::Resolve),
    Answer(answer::Answer),
    Abandon(abandon::Abandon),
    List(list::List),
    Show(show::Show),
    Runs(runs::Runs),
    Diff(diff::Diff),
    Report(report::Report),
    Verify(verify::Verify),
    Seal(seal::Seal),
    Review(review::Review),
    Push(push::Push),
    Fetch(fetch::Fetch),
    New(new::New),
    Import(import::Import),
    Check(check::Check),
    Test(test::Test),
    Definitions(definitions::Definitions),
    Explain(explain::Explain),
    Config(config::Config),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    Man(man::Man),
    Serve(serve::Serve),
    Alerts(alerts::Alerts),
    Link(link::Link),
    Open(open::Open),
    Demo(demo::Demo),
    Tutorial(tutorial::Tutorial),
    Help(help::Help),
    #[command(hide = true)]
    Behalf(behalf::Behalf),
    #[command(hide = true)]
    Courier(courier::Courier),
    #[command(hide = true)]
    Keeper(keeper::Keeper),
    #[command(hide = true)]
    Confined(confined::Confined),
    #[command(hide = true)]
    DemoService(demo::DemoService),
}

/// The verbs by what a person wants, in the order of the help text.
pub const GROUPS: [(&str, &[&str]); 5] = [
    ("Run", &["exec", "resume", "rollback", "resolve", "answer", "abandon"]),
    ("Look", &["list", "show", "runs", "diff", "report", "serve"]),
    ("Alerts", &["alerts", "link", "open"]),
    ("Audit trail", &["verify", "seal", "review", "push", "fetch"]),
    (
        "Write runbooks, get help",
        &[
            "new",
            "import",
            "check",
            "test",
            "definitions",
            "explain",
            "config",
            "doctor",
            "completions",
            "man",
            "tutorial",
            "demo",
            "help",
        ],
    ),
];

/// Enough of the command line to read this one, if it is as it should be: of the forty verbs it has those whose names are in it. Each
/// that it has gets a copy of every global option, and a run of one step would wait for forty of each.
#[must_use]
pub fn reader(line: &[OsString]) -> clap::Command {
    let all = Verb::augment_subcommands(clap::Command::new("verbs"));
    let named = all.get_subcommands().filter(|verb| line.iter().any(|word| word == verb.get_name())).cloned();
    Globals::augment_args(clap::Command::new("runbook").version(env!("CARGO_PKG_VERSION")))
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(named)
}

/// The whole command line, with its verbs in groups (clap itself has one list only).
#[must_use]
pub fn command() -> clap::Command {
    let mut command = Arguments::command();
    command.build();
    let mut template = String::from("{about}\n\n{usage-heading} {usage}\n");
    for (heading, verbs) in GROUPS {
        template.push_str(&format!("\n{heading}:\n"));
        for verb in verbs {
            let about = command.find_subcommand(verb).and_then(clap::Command::get_about).map(ToString::to_string);
            template.push_str(&format!("  {verb:<12} {}\n", about.unwrap_or_default()));
        }
    }
    template.push_str("\nOptions:\n{options}\n\nMore: `runbook help VERB`, `runbook help exit-codes`\n");
    command.help_template(template)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;
    use crate::output::screen::When;
    use clap::FromArgMatches as _;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        let matches = command().try_get_matches_from(line.split(' '))?;
        Arguments::from_arg_matches(&matches)
    }

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_visible_verb_is_in_one_group_and_has_help() {
        let mut grouped: Vec<_> = GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().copied()).collect();
        let command = command();
        let mut visible: Vec<_> =
            command.get_subcommands().filter(|verb| !verb.is_hide_set()).map(|verb| verb.get_name().to_owned()).collect();
        grouped.sort_unstable();
        visible.sort_unstable();
        assert_eq!(grouped, visible);
        for verb in command.get_subcommands() {
            let about = verb.get_about().unwrap_or_default().to_string();
            assert!(!about.is_empty() && !about.ends_with('.'), "{}: {about:?}", verb.get_name());
        }
    }

    #[test]
    fn help_shows_the_groups() {
        let help = command().render_help().to_string();
        assert!(
            help.contains("\nRun:\n  exec ") && help.contains("--state-dir <DIR>") && help.contains("Usage: runbook"),
            "{help}"
        );
    }

    #[test]
    fn parameters_may_hold_any_text_and_need_a_name() {
        let Verb::Exec(exec) = parse("runbook exec api -p service=a=b -p to=").unwrap().verb else { panic!("exec") };
        let pairs: Vec<_> = exec.params.iter().map(|pair| (pair.name.as_str(), pair.text.as_str())).collect();
        assert_eq!(pairs, [("service", "a=b"), ("to", "")]);
        assert!(parse("runbook exec api -p service").is_err());
        assert!(parse("runbook exec api -p =x").is_err());
    }

    #[test]
    fn a_run_is_resolved_with_a_verdict_and_a_reason_or_not_at_all() {
        assert!(parse("runbook resolve 01ABC step did --why seen").is_ok());
        assert!(parse("runbook resolve 01ABC step did").is_err());
        assert!(parse("runbook resolve 01ABC step maybe --why seen").is_err());
    }

    #[test]
    fn answers_exclude_each_other_and_one_is_wanted() {
        assert!(parse("runbook answer 01ABC --yes --note fine").is_ok());
        assert!(parse("runbook answer 01ABC --yes --no").is_err());
        assert!(parse("runbook answer 01ABC --choose blue").is_ok());
    }

    #[test]
    fn what_reads_a_line_and_what_speaks_of_mistakes_agree() {
        let fine = [
            "runbook exec api -p a=b --env staging --dry-run --color never",
            "runbook --state-dir /tmp/x exec api --unsealed why -v",
            "runbook resume last --adopt",
            "runbook rollback 01ABC --dry-run",
            "runbook resolve 01ABC step did --why seen",
            "runbook answer 01ABC --choose blue",
            "runbook runs --state failed --output json",
            "runbook -C /tmp list --output json",
            "runbook -C list exec api",
            "runbook exec list -p exec=show --env resume",
            "runbook --offline push",
        ];
        let refused = [
            "runbook",
            "runbook exec",
            "runbook exec api --dri",
            "runbook nothing",
            "runbook answer 01ABC --yes --no",
            "runbook -C exec",
            "runbook --help list",
            "runbook exec --version api",
            "runbook list exec",
        ];
        for (line, is_fine) in fine.map(|line| (line, true)).into_iter().chain(refused.map(|line| (line, false))) {
            let read = |command: clap::Command| {
                let matches = command.try_get_matches_from(line.split(' '))?;
                Arguments::from_arg_matches(&matches).map(|arguments| format!("{arguments:?}"))
            };
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            let by_reader = read(reader(&words)).ok();
            assert_eq!(by_reader.is_some(), is_fine, "{line}: {by_reader:?}");
            assert_eq!(by_reader, read(command()).ok(), "{line}");
        }
    }

    #[test]
    fn global_options_stand_on_either_side_of_the_verb() {
        assert_eq!(parse("runbook --color never list").unwrap().globals.color, When::Never);
        assert_eq!(parse("runbook list --output json").unwrap().globals.output, Format::Json);
    }
}
