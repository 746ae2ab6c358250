//! The skeleton of a runbook and of its tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::back::is_way_back;
use super::bash::{exports, only_exports};
use super::document::{Block, Document, Kind};
use super::elsewhere::opens_a_shell;
use super::inline::{Inline, inline};
use super::placeholder::{Piece, cut, parameter_of};
use super::question::question;
use super::section::{Section, Step};
use super::shell::{LONGEST, Typed, typed};
use super::words::{lines, run};
use crate::literal::quoted;
use runbook_runtime::script::LARGEST;

/// Links that the head of the runbook takes; the others stand in the text anyway.
const MOST_LINKS: usize = 12;
/// What a parameter may hold until its author says otherwise: no option of a program, and nothing that another shell on the way
/// (`ssh host '…'`, `bash -c '…'`) reads as more than a part of a word.
const PATTERN: &str = "[A-Za-z0-9_./:@%+=,][A-Za-z0-9_./:@%+=,-]*";
/// Letters of a command that make the name of its step.
const LONGEST_NAME: usize = 60;

/// What became of a document.
#[derive(Debug)]
pub struct Imported {
    /// The runbook.
    pub runbook: String,
    /// Its tests.
    pub tests: String,
    /// How many phases, commands and questions it has.
    pub counts: [usize; 3],
    /// The parameters, each with what it stands for.
    pub parameters: BTreeMap<String, String>,
    /// What needs a look, each with its line in the document.
    pub notes: Vec<(usize, String)>,
}

/// Turns a document into a skeleton. `source` is its name, `name` that of the runbook.
#[must_use]
pub fn import(text: &str, source: &str, name: &str, owner: &str) -> Imported {
    // Signs that no text needs: those that hide, and those that this program uses itself between the words of a command.
    // The mark of the byte order that editors on Windows put first is none of the text: behind it a heading would be none.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace(is_hidden, "\u{fffd}");
    let document = Document::read(&text);
    let mut notes = Vec::new();
    let (title, about, sections) = sections(document.blocks, name, &mut notes);
    let mut writer = Writer { source, notes, ..Writer::default() };
    for section in &sections {
        // What is too much for one script is refused by its size, and need not be written to its end.
        if writer.body.len() > LARGEST {
            break;
        }
        writer.section(section);
    }
    let links: Vec<_> =
        document.links.iter().filter(|link| link.starts_with("https://") || link.starts_with("http://")).collect();
    let mut runbook = comment(
        "//!",
        &format!(
            "{title}\n\nImported from {source} by `runbook import`. Each command stands behind a question: a text that was read by people is not yet\na runbook that can be trusted. Say what rolls each command back, turn looks into checks, and take the questions out that nobody needs."
        ),
        0,
    );
    if !about.is_empty() {
        runbook.push_str(&comment("//!", &format!("\n{about}"), 0));
    }
    let _infallible = write!(runbook, "\nlet p = runbook(#{{\n    title: {},\n    owner: {},\n", quoted(&title), quoted(owner));
    if !writer.parameters.is_empty() {
        runbook.push_str("    params: #{\n");
        for (name, help) in &writer.parameters {
            let fallback = writer.fallbacks.get(name).map(|value| format!(", fallback: {}", quoted(value))).unwrap_or_default();
            let (help, pattern) = (quoted(help), quoted(PATTERN));
            let _infallible = writeln!(runbook, "        {name}: #{{ help: {help}, pattern: {pattern}{fallback} }},");
        }
        runbook.push_str("    },\n");
    }
    if !links.is_empty() {
        let links: Vec<_> = links.iter().take(MOST_LINKS).map(|link| format!("        {},\n", quoted(link))).collect();
        let _infallible = write!(runbook, "    links: [\n{}    ],\n", links.concat());
    }
    runbook.push_str("});\n");
    runbook.push_str(&writer.body);
    let tests = tests(name, &writer);
    writer.notes.sort();
    Imported { runbook, tests, counts: writer.counts, parameters: writer.parameters, notes: writer.notes }
}

/// The title, what stands above the first step, and the sections.
fn sections(blocks: Vec<Block>, name: &str, notes: &mut Vec<(usize, String)>) -> (String, String, Vec<Section>) {
    let (mut title, mut about) = (None, Vec::new());
    let mut all = vec![Section::new(None, 1)];
    // The level of the heading over the way back: what is below it belongs to it.
    let mut back = None;
    for Block { line, kind } in blocks {
        let first = all.len() == 1 && all[0].steps.is_empty();
        let Some(section) = all.last_mut() else { break };
        match kind {
            Kind::Title(text) => title = Some(text),
            Kind::Heading(1, text) if first && title.is_none() => title = Some(text),
            Kind::Heading(level, text) => {
                section.close();
                back = back.filter(|above| level > *above).or_else(|| is_way_back(&text).then_some(level));
                let name = if text.is_empty() { format!("Line {line}") } else { text };
                all.push(Section::new(Some(name), line).back(back.is_some()));
            }
            Kind::Prose(text) => {
                let found = inline(&text);
                if let Inline::Named(command) = found {
                    let command = short(command, LONGEST_NAME);
                    notes.push((
                        line,
                        format!("`{command}` stands in a sentence and is not run: it is shown with the next question"),
                    ));
                }
                let told = match found {
                    Inline::Told(command) => {
                        Some(Typed { line, comments: Vec::new(), text: command.to_owned(), printed: Vec::new() })
                    }
                    Inline::Named(_) | Inline::Nothing => None,
                };
                match told {
                    Some(command) => {
                        section.prose(text);
                        section.run(command);
                    }
                    // Steps may stand there as well as a description: what comes before a command is read before it.
                    None if first => {
                        about.push(text.clone());
                        section.about(text);
                    }
                    None => section.prose(text),
                }
            }
            Kind::Task(text) => section.task(line, &text),
            Kind::Unturned(what) => notes.push((line, what.to_owned())),
            Kind::Code { language, text } => match typed(&language, &text, line, notes) {
                Some(commands) => commands.into_iter().for_each(|command| section.run(command)),
                None => {
                    let what = if language.is_empty() { "text or code".to_owned() } else { format!("`{language}`") };
                    notes.push((line, format!("a block of {what} that is not run: it is shown with the next question")));
                    let shown: String = text.lines().map(|line| format!("    {line}\n")).collect();
                    section.prose(shown);
                }
            },
        }
    }
    if let Some(last) = all.last_mut() {
        last.close();
    }
    // A text that is about nothing but the way back is one that goes forward.
    if is_way_back(title.as_deref().unwrap_or(name)) || all.iter().all(|section| section.is_back || section.steps.is_empty()) {
        all.iter_mut().for_each(|section| section.is_back = false);
    }
    (
        title.map(|title| short(&title, 200)).filter(|title| !title.is_empty()).unwrap_or_else(|| name.to_owned()),
        about.join("\n\n"),
        all,
    )
}

#[derive(Default)]
struct Writer<'a> {
    source: &'a str,
    body: String,
    parameters: BTreeMap<String, String>,
    counts: [usize; 3],
    notes: Vec<(usize, String)>,
    phases: BTreeSet<String>,
    /// What parameters hold unless somebody says otherwise.
    fallbacks: BTreeMap<String, String>,
    /// The variables that the text sets for the commands behind them in the same section, each with the parameter for it.
    variables: BTreeMap<String, String>,
}

impl Writer<'_> {
    fn section(&mut self, section: &Section) {
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

/// The tests of a skeleton: it goes to its end, and a no stops it before anything is run.
fn tests(name: &str, writer: &Writer<'_>) -> String {
    let params: Vec<_> = writer.parameters.keys().map(|name| format!("{name}: \"x\"")).collect();
    let params = if params.is_empty() { String::new() } else { format!("#{{ {} }}", params.join(", ")) };
    let [_, commands, questions] = writer.counts;
    let mut text = comment(
        "//!",
        &format!("What `runbook test {name}` tries out, in a scripted world. Written by `runbook import`: add what must hold."),
        0,
    );
    let _infallible = write!(
        text,
        "\ntest(\"it goes from its first step to its last\", || {{\n    let ran = run({params});\n    assert_eq(ran.status, \"completed\");\n    \
         assert_eq(ran.changes.len(), {commands});\n    assert_eq(ran.asked.len(), {questions});\n}});\n"
    );
    if questions > 0 {
        let _infallible = write!(
            text,
            "\ntest(\"nothing is run when the first answer is no\", || {{\n    given(\"*\", #{{ says: \"no\" }});\n    let ran = run({params});\n    \
             assert_eq(ran.status, \"declined\");\n    assert_eq(ran.changes, []);\n}});\n"
        );
    }
    text
}

/// Control characters, others that change how a line is read, and private ones.
fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}')
}

/// A comment of so many lines. No sign in it can end the line that it stands in.
fn comment(mark: &str, text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let visible = |c: char| if is_hidden(c) || c == '\t' { '\u{fffd}' } else { c };
    text.split('\n')
        .map(|line| format!("{pad}{mark} {}", line.chars().map(visible).collect::<String>()).trim_end().to_owned() + "\n")
        .collect()
}

/// The beginning of a text, in one line of at most so many bytes.
fn short(text: &str, longest: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.len() <= longest {
        return text;
    }
    let end = text.floor_char_boundary(longest - "…".len());
    format!("{}…", text[..end].trim_end())
}

/// The name, with a number behind it when it is taken.
fn unique(taken: &mut BTreeSet<String>, name: &str) -> String {
    let numbered = |at: usize| if at == 1 { name.to_owned() } else { format!("{name} ({at})") };
    let free = (1..).map(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(free.clone());
    free
}
