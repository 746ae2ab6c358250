//! `runbook new`: a runbook to begin with.

use std::io::{self, BufRead as _};

use runbook_model::person::From;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output;
use crate::place::Place;
use crate::reserved::is_reserved;
use crate::writing::{name_of, template};

/// Write a new runbook, and tests for it
///
/// It has a step of each kind and says what to put in its place. At a terminal it asks for what is not given.
#[derive(Debug, clap::Args)]
pub struct New {
    /// Its name, as one will type it: `rollback-api`, `db/failover`
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// What it does, in one line
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// The team that answers for it
    #[arg(long, value_name = "TEAM")]
    pub owner: Option<String>,
    /// A parameter, as often as there are any
    #[arg(long = "param", short = 'p', value_name = "NAME")]
    pub params: Vec<String>,
    /// Write over files that are there
    #[arg(long)]
    pub force: bool,
}

/// Writes it.
///
/// # Errors
/// A name is missing or none, or the runbook is there already; nothing was written.
pub fn run(new: &New, place: &Place) -> Result<ExitCode, Failure> {
    let operator = Operator::here();
    let asks = operator.person.from == From::Terminal;
    let title = match (&new.title, &new.name) {
        (Some(title), _) => title.clone(),
        (None, name) if asks => ask("What does it do, in one line?", name.as_deref().map(titled).as_deref())?,
        (None, Some(name)) => titled(name),
        (None, None) => return Err(Failure::usage("a new runbook needs a name").hint("runbook new NAME --title '…'")),
    };
    let name = match &new.name {
        Some(name) => name.clone(),
        None if asks => ask("Its name, as one will type it?", Some(&name_of(&title)))?,
        None => name_of(&title),
    };
    let owner = match &new.owner {
        Some(owner) => owner.clone(),
        None if asks => ask("Which team answers for it?", Some(&operator.person.name))?,
        None => operator.person.name,
    };
    let params = match new.params.as_slice() {
        [] if asks && new.name.is_none() => {
            let typed = ask("Its parameters, with blanks between them?", Some(""))?;
            typed.split_whitespace().map(str::to_owned).collect()
        }
        params => params.to_vec(),
    };
    if let Some(odd) = params.iter().find(|param| !fits(param)) {
        let message = format!("`{odd}` cannot be the name of a parameter; nothing was written");
        return Err(Failure::usage(message)
            .hint("small letters, digits and `_`, beginning with a letter, and no word that Rhai keeps for itself"));
    }
    if let Some(twice) = params.iter().enumerate().find_map(|(nth, param)| params[..nth].contains(param).then_some(param)) {
        return Err(Failure::usage(format!("the parameter `{twice}` is given twice; nothing was written")));
    }
    let sketch = template(&name, &title, &owner, &params);
    let declared = sketch.judged(place, "runbook new NAME --title TEXT --owner TEAM")?;
    for file in sketch.write(place, new.force)? {
        output::to_stderr(&format!("wrote {}\n", file.display()));
    }
    output::to_stderr(&sketch.next(&declared));
    Ok(ExitCode::Completed)
}

fn fits(param: &str) -> bool {
    !is_reserved(param)
        && param.starts_with(|c: char| c.is_ascii_lowercase())
        && param.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// `db/fail-over` says "Fail over".
fn titled(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or_default().replace(['-', '_', '.'], " ");
    let mut letters = last.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Asks at the terminal. An empty answer takes what is usual; the end of the input gives up.
fn ask(question: &str, usual: Option<&str>) -> Result<String, Failure> {
    loop {
        let shown = usual.filter(|usual| !usual.is_empty()).map(|usual| format!(" [{usual}]")).unwrap_or_default();
        output::to_stderr(&format!("{question}{shown} "));
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        if read.map_err(|error| Failure::usage(format!("cannot read from the terminal: {error}")))? == 0 {
            return Err(Failure::usage("no answer; nothing was written"));
        }
        match (line.trim(), usual) {
            ("", Some(usual)) => return Ok(usual.to_owned()),
            ("", None) => {}
            (text, _) => return Ok(text.to_owned()),
        }
    }
}
