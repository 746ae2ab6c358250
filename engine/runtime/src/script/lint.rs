//! Mistakes that can be seen without running anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use rhai::{AST, ASTNode, Expr, FnAccess, FnCallExpr, Position, Stmt};
use runbook_model::parameter::nearest;

use super::code::Code;
use super::decision;
use super::diagnostic::Diagnostic;
use super::functions;
use super::options::unknown_option;
use super::sandbox::{self, BLOCKED};
use super::schema::{OptionType, Table, table};
use super::secret;
use super::source::{Sources, resolved};
use super::span::grown;
use super::spots::{each_call, options_of};

/// Everything that is wrong with the files of a program, in the order of files and lines.
pub(super) fn lint(sources: &Sources, asts: &BTreeMap<String, AST>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let properties = properties(asts);
    for (file, _) in sources.all() {
        let Some(ast) = asts.get(file) else { continue };
        let mut lint = Lint { sources, asts, file, ast, properties: &properties, found: Vec::new() };
        lint.shadowed();
        each_call(ast, &mut |call, position| {
            lint.call(call, position);
            lint.options(call);
        });
        lint.methods_and_switches();
        lint.found.sort_by_key(|diagnostic| diagnostic.span.as_ref().map(|span| (span.line, span.column)));
        found.extend(lint.found);
    }
    found
}

struct Lint<'a> {
    sources: &'a Sources,
    asts: &'a BTreeMap<String, AST>,
    file: &'a str,
    ast: &'a AST,
    /// Keys of maps: a closure in a map can be called like a method.
    properties: &'a BTreeSet<String>,
    found: Vec<Diagnostic>,
}

impl Lint<'_> {
    fn report(&mut self, diagnostic: Diagnostic, position: Position) {
        let span = grown(self.sources, self.file, position);
        self.found.push(diagnostic.at(span));
    }

    fn shadowed(&mut self) {
        let names: Vec<_> = self.ast.iter_functions().map(|function| function.name.to_owned()).collect();
        for name in names {
            if !functions::NAMES.contains(&name.as_str()) {
                continue;
            }
            let text = self.sources.text(self.file).unwrap_or_default();
            let line = text.lines().position(|line| {
                line.split("fn ")
                    .skip(1)
                    .any(|rest| rest.trim_start().strip_prefix(&name).is_some_and(|rest| rest.trim_start().starts_with('(')))
            });
            let place = line.and_then(|line| {
                let column = text.lines().nth(line)?.find("fn ")? + 4;
                Some(Position::new(u16::try_from(line + 1).ok()?, u16::try_from(column).ok()?))
            });
            let diagnostic = Diagnostic::error(Code::Shadowed, format!("`{name}` is a function of the engine"))
                .help("give this function another name: it would take over every call of the engine's");
            self.report(diagnostic, place.unwrap_or(Position::NONE));
        }
    }

    fn call(&mut self, call: &FnCallExpr, position: Position) {
        if call.is_operator_call() || call.name.starts_with("anon$") {
            return;
        }
        if call.is_qualified() {
            return self.qualified(call, position);
        }
        let name = call.name.as_str();
        if let Some((word, way)) = BLOCKED.iter().find(|(word, _)| *word == name) {
            // A closure that captures is a call of `curry` that no author wrote.
            if name != "curry" {
                self.report(
                    Diagnostic::error(Code::Blocked, format!("`{word}` cannot be used in a runbook")).help(*way),
                    position,
                );
            }
            return;
        }
        if let (functions::SECRET, Some(Expr::StringConstant(word, position))) = (name, call.args.first())
            && let Some(message) = secret::misnamed(word)
        {
            self.report(Diagnostic::error(Code::BadOption, message).help(secret::name_help()), *position);
        }
        let own: Vec<_> = self.ast.iter_functions().map(|function| function.name.to_owned()).collect();
        if engine_names().contains(name) || own.iter().any(|known| known == name) {
            return;
        }
        let candidates = functions::NAMES.iter().copied().chain(own.iter().map(String::as_str));
        let near = nearest(name, candidates).or_else(|| nearest(name, engine_names().iter().map(String::as_str)));
        let mut diagnostic = Diagnostic::error(Code::UnknownFunction, format!("there is no function `{name}`"));
        if let Some(near) = near {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.report(diagnostic, position);
    }

    fn qualified(&mut self, call: &FnCallExpr, position: Position) {
        let space = call.namespace.root().to_owned();
        if call.namespace.path.len() != 1 || space == "global" {
            return;
        }
        let name = call.name.as_str();
        let known: Vec<String> = match functions::MODULES.iter().find(|(module, _)| *module == space) {
            Some((_, names)) => names.iter().map(|name| (*name).to_owned()).collect(),
            None => match self.module(&space) {
                Some(ast) => {
                    let public = ast.iter_functions().filter(|function| function.access == FnAccess::Public);
                    public.map(|function| function.name.to_owned()).collect()
                }
                None => return,
            },
        };
        if known.iter().any(|known| known == name) {
            return;
        }
        let diagnostic = Diagnostic::error(Code::UnknownFunction, format!("there is no function `{space}::{name}`"));
        let help = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{space}::{near}`?"),
            None => format!("`{space}` has: {}", known.join(", ")),
        };
        self.report(diagnostic.help(help), position);
    }

    /// The module that this file imports under a name.
    fn module(&self, alias: &str) -> Option<&AST> {
        let mut name = None;
        self.ast.walk(&mut |path| {
            if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = path.last()
                && import.1.name == alias
                && let Expr::StringConstant(path, _) = &import.0
            {
                name = resolved(self.file, path).ok();
            }
            true
        });
        self.asts.get(&name?)
    }

    fn options(&mut self, call: &FnCallExpr) {
        if let Some((table, Expr::Map(map, _))) = options_of(call) {
            self.keys(table, &map.0);
        }
    }

    fn keys(&mut self, of: &Table, items: &[(rhai::Ident, Expr)]) {
        for (key, value) in items {
            let Some(option) = of.option(&key.name) else {
                let (message, help) = unknown_option(of, &key.name);
                let mut diagnostic = Diagnostic::error(Code::UnknownOption, message);
                if help.starts_with("did you mean") {
                    diagnostic = diagnostic.label(help);
                } else {
                    diagnostic = diagnostic.help(help);
                }
                self.report(diagnostic, key.pos);
                continue;
            };
            if let (OptionType::Argv, Expr::Array(words, _)) = (option.kind, value) {
                self.arguments(words);
            }
            match (option.kind, value) {
                (OptionType::Map(inner), Expr::Map(map, _)) => self.keys(table(inner), &map.0),
                (OptionType::Retry, Expr::Map(map, _)) => self.keys(table("command.retry"), &map.0),
                (OptionType::Rollback, Expr::Map(map, _)) => self.keys(table("rollback"), &map.0),
                (OptionType::Parameters, Expr::Map(map, _)) => {
                    for (_, parameter) in &map.0 {
                        if let Expr::Map(map, _) = parameter {
                            self.keys(table("runbook.params"), &map.0);
                        }
                    }
                }
                (OptionType::Word(words), Expr::StringConstant(word, position)) if !words.contains(&word.as_str()) => {
                    let message = format!("`{}` wants {}", option.name, option.kind.wanted());
                    let mut diagnostic = Diagnostic::error(Code::BadOption, message);
                    if let Some(near) = nearest(word, words.iter().copied()) {
                        diagnostic = diagnostic.label(format!("did you mean \"{near}\"?"));
                    }
                    self.report(diagnostic, *position);
                }
                (OptionType::Length, Expr::StringConstant(text, position)) => {
                    if let Err(error) = text.parse::<runbook_model::length::Length>() {
                        self.report(Diagnostic::error(Code::BadOption, error.to_string()), *position);
                    }
                }
                _ => {}
            }
        }
    }

    /// Secrets among the words of a command line, where they are written as such.
    fn arguments(&mut self, words: &[Expr]) {
        for position in words.iter().filter_map(secret_call) {
            let message = "a secret stands in an argument, which every user of the machine can read";
            let diagnostic = Diagnostic::error(Code::SecretInArgument, message);
            self.report(diagnostic.help("hand it over in `env`, in `env_files` or on `stdin`"), position);
        }
    }

    fn methods_and_switches(&mut self) {
        let mut reports = Vec::new();
        self.ast.walk(&mut |path| {
            match path.last() {
                Some(ASTNode::Expr(Expr::MethodCall(call, position))) => {
                    let name = call.name.as_str();
                    let own = || self.ast.iter_functions().any(|function| function.name == name);
                    if !call.is_operator_call() && !engine_names().contains(name) && !self.properties.contains(name) && !own() {
                        let diagnostic = Diagnostic::error(Code::UnknownFunction, format!("nothing has a function `.{name}(…)`"));
                        let near = nearest(name, engine_names().iter().map(String::as_str));
                        reports.push((
                            match near {
                                Some(near) => diagnostic.help(format!("did you mean `.{near}(…)`?")),
                                None => diagnostic,
                            },
                            *position,
                        ));
                    }
                }
                Some(ASTNode::Expr(Expr::InterpolatedString(parts, _))) => {
                    let told = Diagnostic::error(Code::SecretAsText, "a secret cannot become text").help(secret::WAY_OUT);
                    reports.extend(parts.iter().filter_map(secret_call).map(|position| (told.clone(), position)));
                }
                Some(ASTNode::Stmt(Stmt::Switch(switch, _))) if !decision::is_plain(&switch.0) => {
                    let message = "a `switch` wants a plain name or property";
                    let diagnostic = Diagnostic::error(Code::ScriptError, message).help(
                        "write `let value = …; switch value { … }`: a rehearsal has to look at the value before it decides",
                    );
                    reports.push((diagnostic, switch.0.start_position()));
                }
                _ => {}
            }
            true
        });
        for (diagnostic, position) in reports {
            self.report(diagnostic, position);
        }
    }
}

/// Where a secret is named, if this is a call of `secret`. An interpolated part is a block of one expression.
fn secret_call(expression: &Expr) -> Option<Position> {
    match expression {
        Expr::FnCall(call, position) if call.name == functions::SECRET && !call.is_qualified() => Some(*position),
        Expr::Stmt(block) => match block.statements() {
            [Stmt::Expr(inner)] => secret_call(inner),
            [Stmt::FnCall(call, position)] if call.name == functions::SECRET && !call.is_qualified() => Some(*position),
            _ => None,
        },
        _ => None,
    }
}

/// Every key of a literal map, and every name that a property is assigned under.
fn properties(asts: &BTreeMap<String, AST>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for ast in asts.values() {
        ast.walk(&mut |path| {
            match path.last() {
                Some(ASTNode::Expr(Expr::Map(map, _))) => names.extend(map.0.iter().map(|(key, _)| key.name.to_string())),
                Some(ASTNode::Expr(Expr::Property(property, _))) => {
                    names.insert(property.2.to_string());
                }
                _ => {}
            }
            true
        });
    }
    names
}

/// The names of all functions that the engine has. Collected once: listing them takes milliseconds.
pub(super) fn engine_names() -> &'static BTreeSet<String> {
    static NAMES: OnceLock<BTreeSet<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let engine = sandbox::bare();
        let listed = engine.collect_fn_metadata(None, |info| Some(info.metadata.name.to_string()), true);
        let words = ["Fn", "call", "print", "debug", "type_of", "is_def_var", "is_def_fn", "is_shared", "json"];
        let own = functions::NAMES.iter().copied().chain(words).map(str::to_owned);
        listed.into_iter().filter(|name| name.starts_with(|c: char| c.is_alphabetic())).chain(own).collect()
    })
}
