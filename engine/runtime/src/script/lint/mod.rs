//! Mistakes that can be seen without running anything, each kind in its own file.
//!
//! What would certainly fail when it is reached is an error, and keeps a runbook from being started: at 03:00 a run must not
//! stop half-way for a slip that was there to be read. What only looks wrong is a warning.

mod arguments;
mod calls;
mod captured;
mod fitting;
mod head;
mod keys;
mod literal;
mod names;
mod owner;
mod parameters;
mod places;
mod rollbacks;
mod secrets;
mod shadowed;
mod switches;
mod unreachable;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTNode, Expr, Position, Stmt};

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::{Diagnostic, Span};
use crate::script::diagnosis::span::{self, grown};
use crate::script::reading::anatomy::Anatomy;
use crate::script::reading::properties::properties;
use crate::script::reading::survey::{Met, survey};
use crate::script::source::{Sources, resolved};

/// Everything that is wrong with the files of a program, in the order of files and lines.
pub(super) fn lint(sources: &Sources, asts: &BTreeMap<String, AST>) -> Vec<Diagnostic> {
    let anatomies: BTreeMap<_, _> = asts.iter().map(|(name, ast)| (name.as_str(), Anatomy::of(ast))).collect();
    let files: Vec<_> = sources
        .all()
        .iter()
        .filter_map(|(name, _)| {
            let (ast, anatomy) = (asts.get(name)?, anatomies.get(name.as_str())?);
            Some(File { name, ast, anatomy, calls: survey(anatomy) })
        })
        .collect();
    let program = Program { sources, properties: properties(asts), files };
    let mut all = Vec::new();
    for file in &program.files {
        let mut found = Found { sources, file: file.name, all: Vec::new() };
        shadowed::lint(file, &mut found);
        captured::lint(file, &mut found);
        calls::lint(&program, file, &mut found);
        switches::lint(file, &mut found);
        keys::lint(file, &mut found);
        arguments::lint(file, &mut found);
        secrets::lint(file, &mut found);
        places::lint(&program, file, &mut found);
        // The modules of the engine are not the author's to mend.
        if !file.name.starts_with("std/") {
            unreachable::lint(file, &mut found);
            names::lint(file, &mut found);
        }
        if file.name == sources.entry() {
            parameters::lint(file, &mut found);
            rollbacks::lint(file, &mut found);
            owner::lint(file, &mut found);
        }
        found.all.sort_by_key(|diagnostic| diagnostic.span.as_ref().map(|span| (span.line, span.column)));
        // A closure that is written twice in the same words has one body in Rhai, and is met twice.
        found.all.dedup();
        all.append(&mut found.all);
    }
    all
}

/// All files of a program, the entry first.
struct Program<'a> {
    sources: &'a Sources,
    files: Vec<File<'a>>,
    /// Keys of maps: a closure in a map can be called like a method.
    properties: BTreeSet<String>,
}

/// One file, read in every way that lints need.
struct File<'a> {
    name: &'a str,
    ast: &'a AST,
    anatomy: &'a Anatomy,
    calls: Vec<Met<'a>>,
}

impl<'a> Program<'a> {
    /// The module that a file imports under a name.
    fn module(&self, importer: &File<'_>, alias: &str) -> Option<&File<'a>> {
        let mut name = None;
        importer.ast.walk(&mut |path| {
            if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = path.last()
                && import.1.name == alias
                && let Expr::StringConstant(path, _) = &import.0
            {
                name = resolved(importer.name, path).ok();
            }
            true
        });
        let name = name?;
        self.files.iter().find(|file| file.name == name)
    }
}

/// What is wrong with one file.
struct Found<'a> {
    sources: &'a Sources,
    file: &'a str,
    all: Vec<Diagnostic>,
}

impl Found<'_> {
    fn report(&mut self, diagnostic: Diagnostic, position: Position) {
        let span = self.span(position);
        let is_name = diagnostic.code == Code::UnknownFunction;
        self.all.push(diagnostic.at(span.map(|span| if is_name { span::name(self.sources, span) } else { span })));
    }

    fn span(&self, position: Position) -> Option<Span> {
        grown(self.sources, self.file, position)
    }
}

/// Where an option of the head of a runbook stands; where the head stands when the option does not.
pub(super) fn declared_at(ast: &AST, option: &str) -> Option<Position> {
    let anatomy = Anatomy::of(ast);
    let head = head::Head::of(&anatomy)?;
    Some(head.option(option).map_or(head.position, |(_, position)| position))
}
