//! Where the keys of literal option maps stand: a map has no positions while the script runs.

use std::collections::HashMap;

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};
use runbook_model::step::Location;

use crate::script::diagnosis::span;
use crate::script::language::schema::{Table, schema};

/// The places of calls, and of the keys of their options.
#[derive(Debug, Default)]
pub(in crate::script) struct Spots {
    /// Keys by the place of the call and the dotted name of the key.
    keys: HashMap<(String, u32, u32), HashMap<String, Location>>,
    /// The files that have a call of this name at this line and column.
    calls: HashMap<(u32, u32, String), Vec<String>>,
}

impl Spots {
    /// Where the key stands, if it was written as a literal in that call.
    pub(in crate::script) fn key(&self, call: &Location, key: &str) -> Option<Location> {
        self.keys.get(&(call.file.clone(), call.line, call.column))?.get(key).cloned()
    }

    /// The same place in the file where it really is: while a module calls a closure of another file, Rhai names the
    /// module's file with the position of the other.
    pub(in crate::script) fn corrected(&self, mut place: Location, function: &str) -> Location {
        if let Some(files) = self.calls.get(&(place.line, place.column, function.to_owned()))
            && !files.contains(&place.file)
            && let [file] = files.as_slice()
        {
            place.file.clone_from(file);
        }
        place
    }

    /// Adds the calls of one file.
    pub(in crate::script) fn add(&mut self, file: &str, ast: &AST) {
        ast.walk(&mut |path| {
            let (name, position) = match path.last() {
                Some(ASTNode::Expr(Expr::FnCall(call, position) | Expr::MethodCall(call, position))) => {
                    (call.name.to_string(), *position)
                }
                Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => (call.name.to_string(), *position),
                Some(ASTNode::Expr(Expr::Property(property, position))) => (property.0.0.to_string(), *position),
                _ => return true,
            };
            let at = span::location(file, position);
            let files = self.calls.entry((at.line, at.column, name)).or_default();
            if !files.iter().any(|known| known == file) {
                files.push(file.to_owned());
            }
            true
        });
        each_call(ast, &mut |call, position| {
            let Some((_, Expr::Map(map, _))) = options_of(call) else { return };
            let at = span::location(file, position);
            let keys = self.keys.entry((file.to_owned(), at.line, at.column)).or_default();
            note(keys, file, "", &map.0);
        });
    }
}

fn note(keys: &mut HashMap<String, Location>, file: &str, inside: &str, items: &[(rhai::Ident, Expr)]) {
    for (key, value) in items {
        let name = format!("{inside}{}", key.name);
        if let Expr::Map(inner, _) = value {
            note(keys, file, &format!("{name}."), &inner.0);
        }
        keys.insert(name, span::location(file, key.pos));
    }
}

/// The table and the argument that hold the options of a call, if it is a call of the engine's.
pub(in crate::script) fn options_of(call: &FnCallExpr) -> Option<(&'static Table, &Expr)> {
    let spaces: Vec<_> = call.namespace.path.iter().map(|part| part.name.as_str()).collect();
    let name = spaces.into_iter().chain([call.name.as_str()]).collect::<Vec<_>>().join("::");
    let table = schema().iter().find(|table| table.name == name)?;
    Some((table, call.args.get(table.argument?)?))
}

/// Calls `visit` for each call by name in statements and functions, with its position.
pub(in crate::script) fn each_call(ast: &AST, visit: &mut dyn FnMut(&FnCallExpr, Position)) {
    ast.walk(&mut |path| {
        if let Some(ASTNode::Expr(Expr::FnCall(call, position)) | ASTNode::Stmt(Stmt::FnCall(call, position))) = path.last() {
            visit(call, *position);
        }
        true
    });
}
