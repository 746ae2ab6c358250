//! Reads changes of the world from options: a program, a file, a request.

use rhai::{Array, Dynamic, FnPtr, Map};
use runbook_model::change::{Change, FileWrite, HttpCall, Invocation};
use runbook_model::manner::{Manner, Reach, Terminal};
use runbook_model::secret::Place;
use runbook_model::step::RollbackPlan;

use super::hosts::On;
use super::parts::{self, Marked};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::functions::options::{Options, word};
use crate::script::functions::secret;
use crate::script::language::schema::table;
use crate::script::values::json;

/// What means something for a program only.
const RUN_ONLY: [&str; 9] = ["on", "env", "env_files", "cwd", "stdin", "pty", "interactive", "output", "stop"];

/// Where programs run: a rollback runs where its command did, so that it meets what the command left, and relative paths
/// mean the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    on: Option<String>,
    env: Marked,
    env_files: Marked,
    cwd: Option<String>,
}

impl Surroundings {
    /// What the options say.
    pub(super) fn of(options: &Options<'_>) -> Self {
        let env = parts::map(options, "env", Place::Env);
        Self { on: None, env, env_files: parts::map(options, "env_files", Place::EnvFile), cwd: options.text("cwd") }
    }

    /// The same on another machine.
    pub(super) fn on(self, host: Option<String>) -> Self {
        Self { on: host, ..self }
    }

    /// What the options of a rollback say, else what its command says.
    fn overridden(&self, options: &Options<'_>) -> Called<Self> {
        let own = Self::of(options);
        let on = On::of_rollback(options)?.unwrap_or_else(|| self.on.clone());
        // A directory of one machine means nothing on another.
        let cwd = if on == self.on { self.cwd.clone() } else { None };
        Ok(Self {
            on,
            env: if options.has("env") { own.env } else { self.env.clone() },
            env_files: if options.has("env_files") { own.env_files } else { self.env_files.clone() },
            cwd: own.cwd.or(cwd),
        })
    }

    /// A program there, which reads what `stdin` says.
    pub(super) fn invocation(&self, argv: Vec<String>, stdin: Option<&Options<'_>>) -> Invocation {
        let mut secrets = [self.env.secrets.clone(), self.env_files.secrets.clone()].concat();
        let stdin = stdin.and_then(|options| parts::text(options, "stdin", Place::Stdin, &mut secrets));
        let (env, env_files, cwd) = (self.env.texts.clone(), self.env_files.texts.clone(), self.cwd.clone());
        Invocation { argv, on: self.on.clone(), env, cwd, stdin, env_files, secrets, manner: Manner::default() }
    }
}

/// The one change that the options hold.
pub(super) fn change(options: &Options<'_>, surroundings: &Surroundings) -> Called<Change> {
    let kinds: Vec<_> = options.names().filter(|name| ["run", "write", "http"].contains(name)).map(str::to_owned).collect();
    let kind = match kinds.as_slice() {
        [kind] => kind.as_str(),
        [] => return options.complain("", Code::BadOption, "one of `run`, `write` and `http` is needed").raise(),
        [first, second, ..] => {
            let message = format!("`{first}` and `{second}` cannot stand together: a command makes one change");
            return options.complain(second, Code::BadOption, message).help("write two commands").raise();
        }
    };
    if kind != "run"
        && let Some(odd) = RUN_ONLY.into_iter().find(|name| options.has(name))
    {
        return options
            .complain(odd, Code::BadOption, format!("`{odd}` belongs to `run`, and means nothing for `{kind}`"))
            .raise();
    }
    let given = options.raw(kind).unwrap_or_default();
    match kind {
        "run" => {
            let words = given.try_cast::<Array>().unwrap_or_default();
            let argv = argv(words, &|code, message| options.complain("run", code, message))?;
            let manner = manner(options, surroundings)?;
            Ok(Change::Run(Invocation { manner, ..surroundings.invocation(argv, Some(options)) }))
        }
        "write" => write(&options.inner(table("command.write"), given, "write")?),
        _ => http(&options.inner(table("command.http"), given, "http")?),
    }
}

/// How to roll back, with the closure if it is one.
pub(super) fn plan(
    options: &Options<'_>,
    name: &str,
    given: Dynamic,
    surroundings: &Surroundings,
) -> Called<(RollbackPlan, Option<FnPtr>)> {
    if given.is::<FnPtr>() {
        return Ok((RollbackPlan::Block, given.try_cast::<FnPtr>()));
    }
    if given.is_string() {
        return match given.into_immutable_string() {
            Ok(word) if word == "nothing" => Ok((RollbackPlan::Nothing, None)),
            Ok(word) => options.wrong(name, format!("this is \"{word}\"")),
            Err(_) => options.wrong(name, "this is something else".to_owned()),
        };
    }
    if given.is::<Map>() {
        let inner = options.inner(table("rollback"), given, name)?;
        let change = change(&inner, &surroundings.overridden(&inner)?)?;
        return Ok((RollbackPlan::Changes(vec![change]), None));
    }
    let items: Vec<_> = given.try_cast::<Array>().unwrap_or_default().into_iter().map(Dynamic::flatten).collect();
    // A list whose first item is a list or a map is a list of changes; else it is the words of one.
    if !items.first().is_some_and(|first| first.is_array() || first.is_map()) {
        let argv = argv(items, &|code, message| options.complain(name, code, format!("`{name}`: {message}")))?;
        return Ok((RollbackPlan::Changes(vec![run(argv, surroundings)]), None));
    }
    let mut changes = Vec::with_capacity(items.len());
    for (at, item) in items.into_iter().enumerate() {
        changes.push(if item.is_map() {
            let inner = options.inner(table("rollback"), item, name)?;
            change(&inner, &surroundings.overridden(&inner)?)?
        } else if let Some(words) = item.try_cast::<Array>() {
            let complain = |code, message: String| options.complain(name, code, format!("change {at} of `{name}`: {message}"));
            run(argv(words, &complain)?, surroundings)
        } else {
            let message = format!("change {at} of `{name}` is neither an argv nor a map");
            return options.complain(name, Code::BadOption, message).raise();
        });
    }
    Ok((RollbackPlan::Changes(changes), None))
}

fn run(argv: Vec<String>, surroundings: &Surroundings) -> Change {
    Change::Run(surroundings.invocation(argv, None))
}

/// How a program is run.
fn manner(options: &Options<'_>, surroundings: &Surroundings) -> Called<Manner> {
    if surroundings.on.is_some()
        && let Some(odd) = ["pty", "interactive", "stop", "env_files"].into_iter().find(|name| options.has(name))
    {
        let message = format!("`{odd}` is possible on this machine only, and not with `on`");
        return options.complain(odd, Code::BadOption, message).raise();
    }
    let (own, operators) = (options.flag("pty"), options.flag("interactive"));
    if operators && own {
        return options
            .complain("pty", Code::BadOption, "`pty` and `interactive` cannot stand together")
            .help("an interactive program gets a terminal in any case: leave `pty` out")
            .raise();
    }
    if operators && options.has("stdin") {
        return options
            .complain("stdin", Code::BadOption, "`stdin` and `interactive` cannot stand together: it reads what a person types")
            .raise();
    }
    let terminal = if operators { Some(Terminal::Operators) } else { own.then_some(Terminal::Own) };
    let stop = if options.text("stop").as_deref() == Some("everything") { Reach::Everything } else { Reach::Group };
    Ok(Manner { terminal, output: options.size("output")?, stop })
}

/// Program and arguments: texts, numbers and flags.
pub(super) fn argv(items: Array, complain: &dyn Fn(Code, String) -> Complaint) -> Called<Vec<String>> {
    let secret = items.iter().position(secret::inside);
    if let Some(at) = secret {
        return complain(Code::SecretInArgument, format!("argument {at} is a secret, and every user of the machine can read it"))
            .help("hand it over in `env`, in `env_files` or on `stdin`")
            .raise();
    }
    let complain = |message: String| complain(Code::BadOption, message);
    let mut words = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let Some(word) = word(item) else {
            let found = item.flatten_clone();
            let help = if found.is_unit() { "give it a value, or leave it out" } else { "give its parts one by one" };
            return complain(format!("argument {at} is {}, not a word", json::named(&found))).help(help).raise();
        };
        if word.contains('\0') {
            return complain(format!("argument {at} holds a NUL byte, which no program can receive")).raise();
        }
        words.push(word);
    }
    match words.first() {
        None => complain("no program is named: the list is empty".to_owned()).raise(),
        Some(program) if program.is_empty() => complain("no program is named: argument 0 is empty".to_owned()).raise(),
        Some(_) => Ok(words),
    }
}

fn write(options: &Options<'_>) -> Called<Change> {
    let path = options.text("path").unwrap_or_default();
    if path.is_empty() || path.contains('\0') {
        return options.wrong("path", "this cannot be the name of a file".to_owned());
    }
    let mode = match options.raw("mode") {
        None => None,
        Some(mode) => {
            let bits = match mode.as_int() {
                Ok(bits) => u32::try_from(bits).ok(),
                Err(_) => {
                    mode.into_immutable_string().ok().and_then(|text| u32::from_str_radix(text.trim_start_matches("0o"), 8).ok())
                }
            };
            match bits {
                Some(bits) if bits <= 0o7777 => Some(bits),
                _ => return options.wrong("mode", "this is something else".to_owned()),
            }
        }
    };
    let mut secrets = Vec::new();
    let content = parts::text(options, "content", Place::Content, &mut secrets).unwrap_or_default();
    let mode = if secrets.is_empty() { mode } else { Some(private(options, mode)?) };
    Ok(Change::Write(FileWrite { path, content, mode, secrets, ..FileWrite::default() }))
}

/// The permission bits of a file of secrets: nobody but its owner has any.
fn private(options: &Options<'_>, mode: Option<u32>) -> Called<u32> {
    match mode {
        None => Ok(0o600),
        Some(mode) if mode & 0o077 == 0 => Ok(mode),
        Some(mode) => options
            .complain("mode", Code::BadOption, format!("a file with a secret is for its owner alone, and {mode:04o} is not"))
            .help("leave `mode` out (0600), or hand the file over to its reader in a step of its own: `chown`")
            .raise(),
    }
}

fn http(options: &Options<'_>) -> Called<Change> {
    let url = options.text("url").unwrap_or_default();
    // In a rehearsal, the mark of something that is not known yet may stand here, as in a method.
    if !is_address(&url) && !options.is_open(&url) {
        return options.complain("url", Code::BadOption, format!("\"{url}\" is no http:// or https:// address")).raise();
    }
    if options.has("json") && options.has("body") {
        return options.complain("body", Code::BadOption, "`json` and `body` cannot stand together").raise();
    }
    let given = options.text("method").unwrap_or_else(|| "POST".to_owned());
    let is_open = options.is_open(&given);
    let method = if is_open { given } else { given.to_ascii_uppercase() };
    if method.is_empty() || !(is_open || method.chars().all(|c| c.is_ascii_uppercase())) {
        return options.wrong("method", "this is no HTTP method".to_owned());
    }
    let statuses = match options.raw("expect") {
        Some(one) if one.is_int() => vec![one],
        _ => options.list("expect"),
    };
    let mut expect = Vec::with_capacity(statuses.len());
    for status in statuses {
        match status.as_int().ok().and_then(|status| u16::try_from(status).ok()).filter(|status| (100..=599).contains(status)) {
            Some(status) => expect.push(status),
            None => return options.wrong("expect", format!("{status} is no HTTP status")),
        }
    }
    let Marked { texts: headers, mut secrets } = parts::map(options, "headers", Place::Header);
    Ok(Change::Http(HttpCall {
        method,
        url,
        headers,
        json: parts::json(options, "json", &mut secrets)?,
        body: parts::text(options, "body", Place::Body, &mut secrets),
        expect,
        ca: options.text("ca"),
        timeout: options.length("timeout")?,
        secrets,
    }))
}

/// Whether this is an address that the engine can reach.
pub(super) fn is_address(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !url.chars().any(char::is_control))
}
