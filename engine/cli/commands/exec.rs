//! `runbook exec`: starts a run.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use runbook_model::Value;
use runbook_model::digest::Digest;
use runbook_model::entry::{Mode, Provenance, RunStarted};
use runbook_model::outlook::Outlook;
use runbook_model::parameter::{self, Given, Origin};
use runbook_model::person::From;
use runbook_runtime::anchor::Anchor;
use runbook_runtime::dispatcher::Session;
use runbook_runtime::journal::{StateDir, new_run_id};
use runbook_runtime::script::Program;
use runbook_runtime::secret::known;

use crate::detaching::{detach, leave_terminal};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::library::Title;
use crate::named_secrets;
use crate::operator::Operator;
use crate::output;
use crate::output::Format;
use crate::performance::{Performance, start};
use crate::rehearsal::{self, Past};
use crate::typed::{Parameter, unfit};
use crate::workplace::Workplace;
use crate::{at_hand, behalf, beside};

/// Run a runbook
///
/// Asks at every confirm, shows each step as it goes, and leaves a journal from which the run can be resumed or rolled back.
#[derive(Debug, clap::Args)]
pub struct Exec {
    /// The name of a runbook (see `runbook list`), or the path of a `.rhai` file
    #[arg(value_name = "NAME")]
    pub runbook: String,
    /// A parameter, as often as there are any
    #[arg(long = "param", short = 'p', value_name = "KEY=VALUE")]
    pub params: Vec<Parameter>,
    /// The environment whose settings the runbook gets; otherwise `RUNBOOK_ENV`
    #[arg(long, value_name = "ENV")]
    pub env: Option<String>,
    /// Rehearse: checks really look, changes are withheld and shown
    #[arg(long)]
    pub dry_run: bool,
    /// Answer every yes-or-no confirm with yes; choices and typed input still wait for a person
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
    /// Run although the audit trail cannot be written, and record why
    #[arg(long, value_name = "REASON")]
    pub unsealed: Option<String>,
    /// Start without the rehearsal that the environment requires, and record why
    #[arg(long, value_name = "REASON", conflicts_with = "dry_run")]
    pub without_rehearsal: Option<String>,
    /// Start it and leave: the run goes on without this terminal, and waits where a person is asked (`runbook answer`)
    #[arg(long, conflicts_with = "verbose")]
    pub detach: bool,
    /// Go on as the process that `--detach` has started
    #[arg(long, hide = true)]
    pub detached: bool,
    /// Show the output of steps that succeed, too
    #[arg(long, short)]
    pub verbose: bool,
    /// The place of the run is gone when it has ended: what can be found there is not named
    #[arg(long, hide = true)]
    pub fleeting: bool,
}

/// Runs it.
///
/// # Errors
/// The runbook, its parameters or the place to keep the run are not as they should be; nothing was run.
pub fn run(exec: &Exec, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    if exec.detach {
        return detach(workplace.globals);
    }
    if exec.detached {
        leave_terminal();
    }
    // Of a state directory that cannot be looked at more is said when it is opened.
    let before = || StateDir::look(&workplace.place.configuration.state_dir.value).ok().flatten();
    let past = |title: &Title| before().map(|state| Past::of(&state, &title.name)).unwrap_or_default();
    let (title, program, declaration, past) = workplace.program_beside(&exec.runbook, past)?;
    let name = title.name;
    let (env, environment) = workplace.place.configuration.environment(exec.env.as_deref())?;
    if exec.yes && environment.is_protected() {
        return Err(protected(&env.unwrap_or_default()));
    }
    let origin =
        |name: &String| behalf::request().and_then(|request| request.origins.get(name).copied()).unwrap_or(Origin::Typed);
    let given: Vec<_> = exec.params.iter().map(|given| (given.name.clone(), given.text.clone(), origin(&given.name))).collect();
    let params = parameter::resolve(&declaration.params, &given).map_err(|refused| unfit(&name, &refused))?;
    let configuration = &workplace.place.configuration;
    let groups: BTreeMap<_, _> =
        configuration.groups.iter().map(|(name, members)| (name.clone(), members.value.clone())).collect();
    let operator = Operator::here().in_groups(&groups);
    if let Some(shown) = behalf::request().and_then(|request| request.shown)
        && shown != Digest::of_json(&program.pinned())
    {
        let message = format!("`{name}` is not any more what was shown; nothing was run");
        return Err(Failure::new(ExitCode::Refused, message).hint("read it again, and start it then"));
    }
    if !exec.dry_run && operator.person.from != From::Terminal {
        attended(&program)?;
    }
    let state = workplace.state()?;
    let protected = environment.is_protected();
    let gate = env.as_deref().and_then(|env| environment.rules.gate(env));
    let signing = workplace.signing(env.as_deref())?;
    let run = new_run_id(Timestamp::now()).map_err(|error| Failure::new(ExitCode::Refused, error.to_string()))?;
    let (dir, secrets) = (state.run(run), environment.sources());
    named_secrets::known(&declaration.params, &params, &secrets)?;
    let vault = workplace.vault(secrets.clone(), &dir);
    if let Some(failure) = written_secret(&params, &environment.values()) {
        return Err(failure);
    }
    // A rehearsal lists them with all else that the real run would not find.
    if !exec.dry_run {
        at_hand::look(&program, named_secrets::chosen(&declaration.params, &params), &vault)?;
    }
    let mut started = RunStarted {
        runbook: name,
        title: declaration.title,
        owner: declaration.owner,
        mode: if exec.dry_run { Mode::Rehearsal } else { Mode::Live },
        env,
        protected,
        params,
        settings: environment.values(),
        hosts: environment.host_groups(),
        budget: declaration.budget,
        locks: declaration.locks,
        on_failure: declaration.on_failure,
        sources: program.pinned(),
        provenance: provenance(&workplace.root(), &program),
        root: workplace.root().display().to_string(),
        groups,
        alert: behalf::request().and_then(|request| request.alert.clone()),
        unsealed: exec.unsealed.clone(),
        gate,
        outlook: Outlook::default(),
    };
    started.outlook = past.outlook(&started);
    if !exec.dry_run {
        started.outlook.waived = waived(exec)?;
        if started.outlook.waived.is_none()
            && let Some(refusal) = rehearsal::refusal(&environment.rules, &past, &started, Timestamp::now())
        {
            return Err(refusal);
        }
    }
    if !exec.dry_run {
        for notice in beside::notices(&state, &started.runbook, past.apart()) {
            output::to_stderr(&format!("notice: {}\n", output::safe::line(&notice)));
        }
    }
    // Last: a run that is refused has not taken anything of the remote, nor begun an audit trail.
    let remote = if exec.unsealed.is_some() { None } else { workplace.remote(&state, None) };
    let anchor = start(remote.as_ref(), run, &operator)?;
    let archivist = match exec.unsealed {
        Some(_) => None,
        None => Some(workplace.archive(&state, &operator, None, &signing, anchor.as_ref().map(Anchor::nudge))?),
    };
    let performance = Performance {
        workplace,
        dir,
        runner: operator.person.clone(),
        operator,
        archivist,
        signing,
        anchor,
        claim: None,
        taken_over: None,
        dry_run: exec.dry_run,
        yes: exec.yes,
        verbose: exec.verbose,
        fleeting: exec.fleeting,
        format: if exec.detached { Format::Json } else { workplace.globals.output },
        before: Vec::new(),
        known: None,
        sources: secrets,
        used: Vec::new(),
        edit: String::new(),
        likely: past.durations().steps(),
    };
    // Most runs know of no rehearsal: their journals, which may be long, are not read for that.
    let rehearsed = started.outlook.rehearsed.is_some();
    let exit = performance.perform(|opening| Session::exec(opening, started, &program))?;
    if rehearsed
        && workplace.globals.output == Format::Text
        && !exec.detached
        && let Some(compared) = rehearsal::compared(&state, run)
    {
        output::to_stderr(&format!("{}\n", output::safe::block(compared.as_bytes(), output::safe::Colours::Dropped)));
    }
    Ok(exit)
}

/// Refuses a runbook that is sure to need somebody at a terminal where nobody is.
fn attended(program: &Program) -> Result<(), Failure> {
    let Some(at) = program.interactive_step() else { return Ok(()) };
    let message = format!(
        "the step at {}:{}:{} is `interactive`, and nobody sits at a terminal here; nothing was run",
        at.file, at.line, at.column
    );
    Err(Failure::new(ExitCode::Refused, message).hint("run it from a terminal, or make the step one that asks nobody"))
}

/// Why it is started without a rehearsal, when that is asked for.
fn waived(exec: &Exec) -> Result<Option<String>, Failure> {
    match exec.without_rehearsal.as_deref().map(str::trim) {
        Some("") => Err(Failure::usage("a reason is wanted").hint("--without-rehearsal '…'")),
        why => Ok(why.map(str::to_owned)),
    }
}

/// `--yes` is refused in an environment that deserves more care.
pub(super) fn protected(env: &str) -> Failure {
    let message = format!("`{env}` is protected: `--yes` does not answer for anybody there");
    Failure::new(ExitCode::Refused, message).hint("leave `--yes` out, and answer at the terminal or with `runbook answer`")
}

/// Parameters and settings are written down, and every process of the machine can read what was typed.
fn written_secret(params: &BTreeMap<String, Given>, settings: &serde_json::Map<String, Value>) -> Option<Failure> {
    let patterns = known::patterns();
    let params = params.iter().map(|(name, given)| ("parameter", name, &given.value));
    params.chain(settings.iter().map(|(name, value)| ("setting", name, value))).find_map(|(what, name, value)| {
        let mut veiled = value.clone();
        if !patterns.veil_json(&mut veiled) {
            return None;
        }
        let message =
            format!("the {what} `{name}` holds the value of a secret, and would be written down: {veiled}; nothing was run");
        Some(Failure::usage(message).hint("leave it out: the runbook names it with `secret(\"…\")`"))
    })
}

/// The commit that the sources come from, when they are kept in git. Asked of the user's own git, once, before the run; it
/// changes nothing there, not even its index.
fn provenance(root: &Path, program: &Program) -> Option<Provenance> {
    // To start git takes longer than the rest of a small run: not where there is no repository.
    if std::env::var_os("GIT_DIR").is_none() && !root.ancestors().any(|above| above.join(".git").exists()) {
        return None;
    }
    let names: Vec<_> = program.sources().into_iter().map(|(name, _)| name).filter(|name| !name.starts_with("std/")).collect();
    let output = std::process::Command::new("git")
        .args(["--no-optional-locks", "-C"])
        .arg(root)
        .args(["status", "--porcelain=v2", "--branch", "--untracked-files=all", "--"])
        .args(&names)
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let commit = said.lines().find_map(|line| line.strip_prefix("# branch.oid "))?.to_owned();
    // `(initial)`: a repository without a commit.
    let is_a_commit = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_a_commit.then(|| Provenance { commit, dirty: said.lines().any(|line| !line.starts_with('#')) })
}
