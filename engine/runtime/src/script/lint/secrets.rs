//! Secrets with an impossible name, and secrets where everybody could read them.

use rhai::{ASTNode, Expr, Position, Stmt};

use super::{File, Found};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::diagnosis::spots::options_of;
use crate::script::functions::secret;
use crate::script::language::option_type::OptionType;
use crate::script::language::vocabulary::SECRET;

pub(super) fn lint(file: &File<'_>, found: &mut Found<'_>) {
    for met in &file.calls {
        if met.name() == SECRET
            && let Some(Expr::StringConstant(word, position)) = met.call.args.first()
            && let Some(message) = secret::misnamed(word)
        {
            found.report(Diagnostic::error(Code::BadOption, message).help(secret::name_help()), *position);
        }
        if let Some((table, Expr::Map(map, _))) = options_of(met.call) {
            let is_argv = |key: &str| table.option(key).is_some_and(|option| option.kind == OptionType::Argv);
            for (_, value) in map.0.iter().filter(|(key, _)| is_argv(&key.name)) {
                arguments(value, found);
            }
        }
    }
    file.ast.walk(&mut |path| {
        if let Some(ASTNode::Expr(Expr::InterpolatedString(parts, _))) = path.last() {
            for position in parts.iter().filter_map(named) {
                let diagnostic = Diagnostic::error(Code::SecretAsText, "a secret cannot become text").help(secret::WAY_OUT);
                found.report(diagnostic, position);
            }
        }
        true
    });
}

/// Secrets among the words of a command line, where they are written as such.
fn arguments(argv: &Expr, found: &mut Found<'_>) {
    let Expr::Array(words, _) = argv else { return };
    for position in words.iter().filter_map(named) {
        let message = "a secret stands in an argument, which every user of the machine can read";
        let diagnostic = Diagnostic::error(Code::SecretInArgument, message);
        found.report(diagnostic.help("hand it over in `env`, in `env_files` or on `stdin`"), position);
    }
}

/// Where a secret is named, if this is a call of `secret`. An interpolated part is a block of one expression.
fn named(expression: &Expr) -> Option<Position> {
    match expression {
        Expr::FnCall(call, position) if call.name == SECRET && !call.is_qualified() => Some(*position),
        Expr::Stmt(block) => match block.statements() {
            [Stmt::Expr(inner)] => named(inner),
            [Stmt::FnCall(call, position)] if call.name == SECRET && !call.is_qualified() => Some(*position),
            _ => None,
        },
        _ => None,
    }
}
