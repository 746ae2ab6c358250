//! The names under which a script reads and writes what is in a map.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTNode, Expr};

/// Every key of a literal map, and every name that a property is read or assigned under.
pub(in crate::script) fn properties(asts: &BTreeMap<String, AST>) -> BTreeSet<String> {
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
