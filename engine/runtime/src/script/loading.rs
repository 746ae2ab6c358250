//! Reads a runbook and the modules that it imports.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTNode, Engine, Expr, ParseError, ParseErrorType, Position, Stmt};

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::{Diagnostic, Label};
use crate::script::diagnosis::lookalike;
use crate::script::diagnosis::span::{self, grown};
use crate::script::diagnosis::spots::Spots;
use crate::script::diagnosis::unclosed::{Unclosed, unclosed};
use crate::script::language::sandbox;
use crate::script::language::vocabulary::BLOCKED;
use crate::script::lint;
use crate::script::performing::depth::on_deep_stack;
use crate::script::source::{SourceFiles, Sources, Unreadable, resolved};
use crate::script::values::settings;

/// What was read, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) sources: Sources,
    pub(super) asts: BTreeMap<String, AST>,
    pub(super) spots: Spots,
    pub(super) found: Vec<Diagnostic>,
}

/// Reads the entry and everything that it imports, and judges it.
pub(super) fn load(files: &dyn SourceFiles, entry: &str) -> Loaded {
    let _loading = tracing::debug_span!("load", entry).entered();
    let mut loaded = read(files, entry);
    let lints = on_deep_stack(|| lint::lint(&loaded.sources, &loaded.asts));
    match lints {
        Ok(found) => loaded.found.extend(found),
        Err(diagnostic) => loaded.found.push(*diagnostic),
    }
    loaded
}

/// Reads the entry and everything that it imports, depth first.
pub(super) fn read(files: &dyn SourceFiles, entry: &str) -> Loaded {
    let mut loading = Loading { files, loaded: Loaded::default(), open: Vec::new(), closed: BTreeSet::new() };
    if let Err(error) = loading.read(entry) {
        loading.loaded.found.push(Diagnostic::error(Code::Import, error.to_string()));
        return loading.loaded;
    }
    // Files are read on the caller's thread, in the order in which they are met; parsing needs a deep stack.
    let mut waiting = vec![entry.to_owned()];
    while let Some(name) = waiting.pop() {
        let text = loading.loaded.sources.text(&name).unwrap_or_default().to_owned();
        match on_deep_stack(|| parse(&text)) {
            Ok(Ok(mut ast)) => {
                ast.set_source(name.as_str());
                loading.loaded.asts.insert(name.clone(), ast);
                let mut met = loading.imports(&name);
                met.reverse();
                waiting.append(&mut met);
            }
            Ok(Err(error)) => {
                let diagnostic = syntax(&loading.loaded.sources, &name, &error);
                loading.loaded.found.push(diagnostic);
            }
            Err(diagnostic) => loading.loaded.found.push(*diagnostic),
        }
    }
    loading.circles(entry);
    let mut loaded = loading.loaded;
    for (name, ast) in &loaded.asts {
        loaded.spots.add(name, ast);
    }
    loaded
}

struct Loading<'a> {
    files: &'a dyn SourceFiles,
    loaded: Loaded,
    open: Vec<(String, Option<Position>)>,
    /// Files from which every import was followed without meeting a circle.
    closed: BTreeSet<String>,
}

impl Loading<'_> {
    fn read(&mut self, name: &str) -> Result<(), Unreadable> {
        let text = self.files.read(name)?;
        self.loaded.sources.push(name, text);
        Ok(())
    }

    /// Reads what a file imports; gives the names of those that were not known yet.
    fn imports(&mut self, importer: &str) -> Vec<String> {
        let Some(ast) = self.loaded.asts.get(importer) else { return Vec::new() };
        let mut met = Vec::new();
        for (path, position) in imported(ast) {
            let complaint = match path.as_deref().map(|path| resolved(importer, path)) {
                None => Diagnostic::error(Code::Import, "the path of an `import` must be a literal text")
                    .help("write `import \"std/releases\" as releases;`: what a runbook uses must be known before it runs"),
                Some(Err(error)) => Diagnostic::error(Code::Import, error.to_string()),
                Some(Ok(name)) if self.loaded.sources.text(&name).is_some() => continue,
                Some(Ok(name)) => match self.read(&name) {
                    Ok(()) => {
                        met.push(name);
                        continue;
                    }
                    Err(error) => Diagnostic::error(Code::Import, error.to_string()),
                },
            };
            let span = grown(&self.loaded.sources, importer, position);
            self.loaded.found.push(complaint.at(span));
        }
        met
    }

    /// Reports modules that import each other in a circle, with every import that is part of it.
    fn circles(&mut self, name: &str) {
        if let Some(first) = self.open.iter().position(|(open, _)| open == name) {
            let circle = &self.open[first..];
            let names: Vec<_> = circle.iter().map(|(open, _)| open.as_str()).chain([name]).collect();
            let mut diagnostic = Diagnostic::error(Code::Import, format!("import cycle: {}", names.join(" -> ")))
                .help("move what both need into a third module");
            for (open, position) in circle {
                let Some(span) = position.and_then(|position| grown(&self.loaded.sources, open, position)) else { continue };
                if diagnostic.span.is_none() {
                    diagnostic = diagnostic.at(Some(span)).label("imported here");
                } else {
                    diagnostic.labels.push(Label { span, text: "imported here".to_owned() });
                }
            }
            self.loaded.found.push(diagnostic);
            return;
        }
        if self.closed.contains(name) {
            return;
        }
        let Some(ast) = self.loaded.asts.get(name) else { return };
        let imports = imported(ast);
        self.open.push((name.to_owned(), None));
        for (path, position) in imports {
            let Some(Ok(next)) = path.as_deref().map(|path| resolved(name, path)) else { continue };
            if let Some(open) = self.open.last_mut() {
                open.1 = Some(position);
            }
            if !self.loaded.found.iter().any(|found| found.message.starts_with("import cycle")) {
                self.circles(&next);
            }
        }
        self.open.pop();
        self.closed.insert(name.to_owned());
    }
}

/// The literal paths of all imports of a file, with their positions; `None` for one that is not literal.
fn imported(ast: &AST) -> Vec<(Option<String>, Position)> {
    let mut imports = Vec::new();
    ast.walk(&mut |path| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, position))) = path.last() {
            match &import.0 {
                Expr::StringConstant(path, position) => imports.push((Some(path.to_string()), *position)),
                _ => imports.push((None, *position)),
            }
        }
        true
    });
    imports
}

/// Parses one file.
fn parse(text: &str) -> Result<AST, ParseError> {
    let mut engine: Engine = sandbox::bare();
    sandbox::declare_modules(&mut engine);
    engine.compile_with_scope(&settings::scope(), text)
}

pub(super) fn syntax(sources: &Sources, name: &str, error: &ParseError) -> Diagnostic {
    let message = error.err_type().to_string();
    let quoted = message.split('\'').nth(1).unwrap_or_default().to_owned();
    if let Some((word, way)) = BLOCKED.iter().find(|(word, _)| *word == quoted) {
        return Diagnostic::error(Code::Blocked, format!("`{word}` cannot be used in a runbook"))
            .at(grown(sources, name, error.position()))
            .help(*way);
    }
    let diagnostic = Diagnostic::error(Code::Syntax, message).at(grown(sources, name, error.position()));
    match error.err_type() {
        ParseErrorType::Reserved(word) => {
            diagnostic.help(format!("`{word}` is a word that Rhai keeps for itself: use another name, or write it in quotes"))
        }
        ParseErrorType::VariableUndefined(_) => {
            diagnostic.help("a function sees only its parameters, constants as `global::NAME`, and `settings`")
        }
        ParseErrorType::ModuleUndefined(module) => {
            diagnostic.help(format!("import it first: `import \"…/{module}\" as {module};`"))
        }
        ParseErrorType::MissingToken(token, _) => missing(sources, name, error.position(), token, diagnostic),
        _ => match lookalike::way_out(&quoted) {
            Some(way) => diagnostic.help(way),
            None => diagnostic,
        },
    }
}

/// Adds what is still open where a token is missing. That token is missed at the next one, which may stand lines below the
/// place where a person has to write.
fn missing(sources: &Sources, name: &str, at: Position, token: &str, mut diagnostic: Diagnostic) -> Diagnostic {
    let engine = sandbox::bare();
    let open = sources.text(name).and_then(|text| unclosed(&engine, text, at));
    let Some(Unclosed { begin, close, last }) = open.filter(|open| token == "," || token.contains(open.close)) else {
        return diagnostic;
    };
    if last.line() != at.line() {
        diagnostic = diagnostic.at(grown(sources, name, last)).label("behind this");
    }
    if let Some(span) = grown(sources, name, begin).map(|span| span::name(sources, span)) {
        diagnostic.labels.push(Label { span, text: format!("no `{close}` closes this") });
    }
    let wanted = if token == "," { format!("a `,` or a `{close}`") } else { format!("a `{close}`") };
    diagnostic.help(format!("{wanted} may be missing"))
}
