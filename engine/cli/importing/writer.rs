//! Writes the steps of a script.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use runbook_runtime::script::LARGEST;

use super::bash::{exports, only_exports};
use super::comment::comment;
use super::elsewhere::opens_a_shell;
use super::placeholder::{Piece, cut, parameter_of};
use super::question::question;
use super::section::{Section, Step};
use super::shell::{LONGEST, Typed};
use super::step_name::{LONGEST_NAME, short, unique};
use super::words::{lines, run};
use crate::literal::quoted;

/// What a parameter may hold until its author says otherwise: no option of a program, and nothing that another shell on the way
/// (`ssh host '…'`, `bash -c '…'`) reads as more than a part of a word.
pub(super) const PATTERN: &str = "[A-Za-z0-9_./:@%+=,][A-Za-z0-9_./:@%+=,-]*";

/// A script that is being written.
#[derive(Default)]
pub(super) struct Writer<'a> {
    source: &'a str,
    pub(super) body: String,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) counts: [usize; 3],
    pub(super) notes: Vec<(usize, String)>,
    phases: BTreeSet<String>,
    /// What parameters hold unless somebody says otherwise.
    pub(super) fallbacks: BTreeMap<String, String>,
    /// The variables that the text sets for the commands behind them in the same section, each with the parameter for it.
    variables: BTreeMap<String, String>,
}

impl<'a> Writer<'a> {
    /// Nothing yet, of the document `source`, in which these lines need a look.
    pub(super) fn new(source: &'a str, notes: Vec<(usize, String)>) -> Self {
        Self { source, notes, ..Self::default() }
    }

    pub(super) fn section(&mut self, section: &Section) {
        if section.steps.is_empty() {
            if let Some(name) = &section.name {
                self.body.push_str(&comment("\n//", &format!("── {name}"), 0));
            }
            return;
        }
        if section.is_back {
            return self.back(section);
        }
        let (indent, end) = match &section.name {
            Some(name) => {
                let name = unique(&mut self.phases, &short(name, 100));
                let _infallible =
                    write!(self.body, "\n{}phase({}, || {{", comment("//", &self.place(section.line), 0), quoted(&name));
                self.counts[0] += 1;
                (4, "});\n")
            }
            None => (0, ""),
        };
        let mut names = BTreeSet::new();
        self.variables.clear();
        for step in &section.steps {
            if self.body.len() > LARGEST {
                break;
            }
            self.body.push('\n');
            match step {
                Step::Ask { line, question, details } => {
                    self.body.push_str(&comment("//", &self.place(*line), indent));
                    let question = Self::once(&mut names, question);
                    self.ask(&question, details, indent);
                }
                Step::Run { typed, details } => self.run(&mut names, typed, details, indent),
            }
        }
        self.body.push_str(end);
    }

    /// The way back, in comments: which step each of its commands belongs to, only a person can say.
    fn back(&mut self, section: &Section) {
        let name = section.name.as_deref().unwrap_or_default();
        let mut text = format!("{}\n── {name}: for the `rollback` of the commands above", self.place(section.line));
        for step in &section.steps {
            let _infallible = match step {
                Step::Ask { question, details, .. } => write!(text, "\n{details}\n{question}"),
                Step::Run { typed, details } if typed.text.len() <= LONGEST => {
                    write!(text, "\n{details}\n    rollback: {},", run(&cut(&typed.text)).expression)
                }
                Step::Run { .. } => Ok(()),
            };
        }
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        self.body.push('\n');
        self.body.push_str(&comment("//", &lines.join("\n"), 0));
        let what = format!(
            "`{}` is a way back and no step forward: it stands in comments, for the `rollback` of the commands above it",
            short(name, LONGEST_NAME)
        );
        self.notes.push((section.line, what));
    }

    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.source)
    }

    /// The question as a text that no other step of the phase has.
    fn once(names: &mut BTreeSet<String>, question: &str) -> String {
        let question = short(question, 200);
        quoted(&unique(names, if question.is_empty() { "Go on?" } else { &question }))
    }

    /// `question` is an expression.
    fn ask(&mut self, question: &str, details: &str, indent: usize) {
        let pad = " ".repeat(indent);
        self.counts[2] += 1;
        let _infallible = match details.trim_end() {
            "" => writeln!(self.body, "{pad}confirm({question});"),
            details => {
                let details = lines(details, indent + 8);
                writeln!(self.body, "{pad}confirm({question}, #{{\n{pad}    details: {details},\n{pad}}});")
            }
        };
    }

    /// Variables for what is typed behind them. A process of its own would set them for nobody: they are parameters, and
    /// stand in the environment of the commands below.
    fn export(&mut self, typed: &Typed, details: &str, indent: usize) {
        let place = self.place(typed.line);
        // What sounds secret is not copied.
        let hidden = |name: &str| parameter_of(name).is_none();
        let told = |line: &str| match line.split_once('=') {
            Some((before, _)) if before.split_whitespace().last().is_some_and(hidden) => format!("{before}=…"),
            _ => line.to_owned(),
        };
        let told: Vec<_> = typed.text.lines().map(told).collect();
        let mut above = format!("{place}\n{}", told.join("\n"));
        for text in typed.comments.iter().map(String::as_str).chain([details]).filter(|text| !text.is_empty()) {
            let _infallible = write!(above, "\n{text}");
        }
        let set = exports(&typed.text).unwrap_or_default();
        let mut left = set.is_empty();
        for (variable, value) in set {
            let Some(name) = parameter_of(&variable) else {
                left = true;
                continue;
            };
            let from = format!("{variable} in {}", self.source);
            self.parameters.entry(name.clone()).or_insert(from);
            if fits(&value) {
                self.fallbacks.entry(name.clone()).or_insert(value);
            }
            self.variables.insert(variable, name);
        }
        if left {
            above.push_str("\nTODO: no command below has this variable: put it into their `env`, from a parameter, `settings` or `secret(…)`.");
            self.notes
                .push((typed.line, "a variable whose value only a shell knows, or nobody should: it is not set".to_owned()));
        }
        self.body.push_str(&comment("//", &above, indent));
    }

    fn run(&mut self, names: &mut BTreeSet<String>, typed: &Typed, details: &str, indent: usize) {
        if typed.text.len() > LONGEST {
            self.notes.push((typed.line, "a command that is too long, or whose quote nobody closes: it is not run".to_owned()));
            return;
        }
        if only_exports(&typed.text) {
            self.export(typed, details, indent);
            return;
        }
        let pieces = cut(&typed.text);
        let run = run(&pieces);
        for piece in &pieces {
            if let Piece::Parameter { name, written } = piece {
                let source = self.source;
                self.parameters.entry(name.clone()).or_insert_with(|| format!("{written} in {source}"));
            }
            if let Piece::Secret { name, written } = piece {
                let what = format!(
                    "{written} may be a secret, and a parameter stands in the journal: it is taken from the variable {name} of the environment; `secret(…)` is better"
                );
                self.notes.push((typed.line, what));
            }
        }
        let quoted_here = ["<<'", "<<\"", "<<\\", "<<-'", "<<-\"", "<< '"].iter().any(|mark| typed.text.contains(mark));
        if quoted_here && pieces.iter().any(|piece| !matches!(piece, Piece::Text(_))) {
            let what =
                "a here-document in quotes: the shell puts no values into it, so take the quotes off, or the placeholders out";
            self.notes.push((typed.line, what.to_owned()));
        }
        let first = typed.text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let name = short(first.trim_end_matches('\\').trim_end(), LONGEST_NAME);
        let name = if name.is_empty() { format!("line {}", typed.line) } else { name };
        let mut above = self.place(typed.line);
        for text in typed.comments.iter().filter(|text| !text.is_empty()) {
            let _infallible = write!(above, "\n{text}");
        }
        if !typed.printed.is_empty() {
            let more = if typed.printed.len() > 6 { "\n  …" } else { "" };
            let shown: Vec<_> = typed.printed.iter().take(6).map(|line| format!("  {line}")).collect();
            let _infallible = write!(above, "\nprinted, when it was written down:\n{}{more}", shown.join("\n"));
        }
        self.body.push_str(&comment("//", &above, indent));
        let comments = typed.comments.join("\n");
        // The question has the first line only, and who agrees to it agrees to the others.
        let lines = if typed.text.contains('\n') { typed.text.lines().collect() } else { Vec::new() };
        let whole = lines.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n");
        let texts = [details, &comments, &whole].into_iter().filter(|text| !text.is_empty());
        let details = texts.collect::<Vec<_>>().join("\n\n");
        let question = question(&pieces, 2 * LONGEST_NAME).unwrap_or_else(|| Self::once(names, &format!("Run `{name}`?")));
        self.ask(&question, &details, indent);
        let name = unique(names, &name);
        let pad = " ".repeat(indent);
        let rollback = if run.looks {
            format!("{pad}    rollback: \"nothing\",\n{pad}    idempotent: true,\n")
        } else {
            format!("{pad}    // rollback: what takes it back, or \"nothing\"\n")
        };
        self.counts[1] += 1;
        let env: Vec<_> = self.variables.iter().map(|(name, parameter)| format!("{name}: p.{parameter}")).collect();
        let env = if env.is_empty() { String::new() } else { format!("{pad}    env: #{{ {} }},\n", env.join(", ")) };
        let (name_quoted, expression) = (quoted(&name), run.expression);
        let _infallible =
            write!(self.body, "{pad}command({name_quoted}, #{{\n{pad}    run: {expression},\n{env}{rollback}{pad}}});\n");
        // In a session of root's this was said where the prompt changed.
        if opens_a_shell(&typed.text) && !self.notes.iter().any(|(line, _)| *line == typed.line) {
            let what = format!(
                "`{name}` opens a shell, and the runbook goes on here: say where the commands below it run (`on`, `sudo`)"
            );
            self.notes.push((typed.line, what));
        } else if run.attended {
            self.notes.push((
                typed.line,
                format!("`{name}` wants a terminal, or does not end by itself: say `interactive: true`, or a `timeout`"),
            ));
        }
    }
}

/// Whether a value is one that [`PATTERN`] lets pass.
fn fits(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,".contains(c);
    value.starts_with(plain) && value.chars().all(|c| plain(c) || c == '-')
}
