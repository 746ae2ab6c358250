//! The statements of a file, taken apart: its top, its functions, its closures.
//!
//! Rhai keeps the body of a closure apart from the place where it was written, and gives no way from one to the other
//! but its name. Lints need both: what a closure does, and what it was handed to.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTNode, Dynamic, Expr, FnAccess, FnPtr, Position, Stmt};

/// The bodies of one file.
#[derive(Debug)]
pub(in crate::script) struct Anatomy {
    /// What runs when the file does.
    pub(in crate::script) top: Vec<Stmt>,
    /// Functions with a name.
    pub(in crate::script) functions: Vec<Body>,
    closures: BTreeMap<String, Body>,
}

/// One function or closure.
#[derive(Debug)]
pub(in crate::script) struct Body {
    /// Its name; that of a closure was made by Rhai.
    pub(in crate::script) name: String,
    /// Whether other files may call it.
    pub(in crate::script) public: bool,
    /// The names of its parameters; those that a closure captures come first.
    pub(in crate::script) params: Vec<String>,
    /// What it does.
    pub(in crate::script) statements: Vec<Stmt>,
}

/// A closure where it was written.
#[derive(Debug)]
pub(in crate::script) struct Written {
    /// Its name.
    pub(in crate::script) name: String,
    /// The variables of its surroundings that it uses.
    pub(in crate::script) captured: Vec<String>,
}

/// A statement or an expression.
#[derive(Debug, Clone, Copy)]
pub(in crate::script) enum Node<'a> {
    Statement(&'a Stmt),
    Expression(&'a Expr),
}

/// Parts of a node that belong together.
#[derive(Debug)]
pub(in crate::script) struct Part<'a> {
    /// 0 when the part is run whenever the node is; parts with different numbers exclude each other.
    pub(in crate::script) arm: u32,
    /// Whether they are statements one after the other.
    pub(in crate::script) is_block: bool,
    /// The parts themselves.
    pub(in crate::script) nodes: Vec<Node<'a>>,
}

impl Anatomy {
    /// Takes a file apart.
    pub(in crate::script) fn of(ast: &AST) -> Self {
        let mut bodies = Vec::new();
        take_apart(&ast.clone_functions_only(), &mut bodies);
        bodies.sort_by(|a, b| (&a.name, a.params.len()).cmp(&(&b.name, b.params.len())));
        let (closures, functions): (Vec<_>, _) = bodies.into_iter().partition(|body| body.name.starts_with("anon$"));
        let closures = closures.into_iter().map(|body| (body.name.clone(), body)).collect();
        Self { top: ast.statements().to_vec(), functions, closures }
    }

    /// The body of a closure.
    pub(in crate::script) fn closure(&self, written: &Written) -> Option<&Body> {
        self.closures.get(&written.name)
    }

    /// Every body, the top first.
    pub(in crate::script) fn bodies(&self) -> impl Iterator<Item = &[Stmt]> {
        let functions = self.functions.iter().chain(self.closures.values());
        std::iter::once(self.top.as_slice()).chain(functions.map(|body| body.statements.as_slice()))
    }
}

/// Takes a file that holds functions only apart. The type of a body has no name outside of Rhai, so a file is halved until
/// it holds one function, and what is walked then is the body of that one.
fn take_apart(ast: &AST, bodies: &mut Vec<Body>) {
    let names: Vec<_> = ast.iter_functions().map(|function| (function.name.to_owned(), function.params.len())).collect();
    if let [_, _, ..] = names.as_slice() {
        let (first, second) = names.split_at(names.len() / 2);
        for half in [first, second] {
            let half: BTreeSet<_> = half.iter().map(|(name, params)| (name.as_str(), *params)).collect();
            let mut part = ast.clone();
            part.retain_functions(|_, _, name, params| half.contains(&(name, params)));
            take_apart(&part, bodies);
        }
        return;
    }
    let Some(function) = ast.iter_functions().next() else { return };
    let mut statements = Vec::new();
    ast.walk(&mut |path| {
        if let [ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        true
    });
    bodies.push(Body {
        name: function.name.to_owned(),
        public: function.access == FnAccess::Public,
        params: function.params.iter().map(|name| (*name).to_owned()).collect(),
        statements,
    });
}

/// The closure that an expression makes, if it makes one.
pub(in crate::script) fn written(expression: &Expr) -> Option<Written> {
    let named = |value: &Dynamic| value.read_lock::<FnPtr>().map(|function| function.fn_name().to_owned());
    match expression {
        Expr::DynamicConstant(value, _) => Some(Written { name: named(value)?, captured: Vec::new() }),
        // One that captures is a block that shares the variables and then curries them.
        Expr::Stmt(block) => match block.statements() {
            [Stmt::Share(_), Stmt::Expr(inner)] => written(inner),
            _ => None,
        },
        Expr::FnCall(call, _) if call.name == "curry" => {
            let mut arguments = call.args.iter();
            let Some(Expr::DynamicConstant(value, _)) = arguments.next() else { return None };
            let captured = arguments.filter_map(|argument| Some(variable(argument)?.to_owned())).collect();
            Some(Written { name: named(value)?, captured })
        }
        _ => None,
    }
}

/// The name of a variable of this file.
pub(in crate::script) fn variable(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Variable(parts, ..) if parts.2.is_empty() => Some(parts.1.as_str()),
        _ => None,
    }
}

impl<'a> Node<'a> {
    /// Where it begins.
    pub(in crate::script) fn position(self) -> Position {
        match self {
            Self::Statement(statement) => statement.position(),
            Self::Expression(expression) => expression.start_position(),
        }
    }

    /// What it consists of, in the order in which it is run. The body of a closure is not part of it.
    pub(in crate::script) fn parts(self) -> Vec<Part<'a>> {
        match self {
            Self::Statement(statement) => of_statement(statement),
            Self::Expression(expression) if written(expression).is_some() => Vec::new(),
            Self::Expression(expression) => of_expression(expression),
        }
    }
}

fn always<'a>(expressions: impl IntoIterator<Item = &'a Expr>) -> Part<'a> {
    Part { arm: 0, is_block: false, nodes: expressions.into_iter().map(Node::Expression).collect() }
}

fn block<'a>(arm: u32, statements: impl IntoIterator<Item = &'a Stmt>) -> Part<'a> {
    Part { arm, is_block: true, nodes: statements.into_iter().map(Node::Statement).collect() }
}

fn of_statement(statement: &Stmt) -> Vec<Part<'_>> {
    match statement {
        Stmt::Var(parts, ..) => vec![always([&parts.1])],
        Stmt::If(flow, _) => vec![always([&flow.expr]), block(1, flow.body.iter()), block(2, flow.branch.iter())],
        Stmt::Switch(parts, _) => {
            let (value, cases) = &**parts;
            let mut all = vec![always([value])];
            for (at, case) in cases.expressions.iter().enumerate() {
                let mut part = always([&case.lhs, &case.rhs]);
                part.arm = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
                all.push(part);
            }
            all
        }
        Stmt::While(flow, _) | Stmt::Do(flow, ..) => vec![always([&flow.expr]), block(0, flow.body.iter())],
        Stmt::For(parts, _) => vec![always([&parts.2.expr]), block(0, parts.2.body.iter())],
        Stmt::Assignment(parts) => vec![always([&parts.1.lhs, &parts.1.rhs])],
        Stmt::FnCall(call, _) => vec![always(&call.args)],
        Stmt::Block(inner) => vec![block(0, inner.iter())],
        Stmt::TryCatch(flow, _) => vec![block(1, flow.body.iter()), block(2, flow.branch.iter())],
        Stmt::Expr(expression) => vec![always([&**expression])],
        Stmt::BreakLoop(value, ..) | Stmt::Return(value, ..) => vec![always(value.as_deref())],
        Stmt::Import(parts, _) => vec![always([&parts.0])],
        _ => Vec::new(),
    }
}

fn of_expression(expression: &Expr) -> Vec<Part<'_>> {
    match expression {
        Expr::Stmt(inner) => vec![block(0, inner.iter())],
        Expr::InterpolatedString(items, _) | Expr::Array(items, _) => vec![always(items.iter())],
        Expr::Map(items, _) => vec![always(items.0.iter().map(|(_, value)| value))],
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => vec![always([&parts.lhs, &parts.rhs])],
        Expr::And(items, _) | Expr::Or(items, _) | Expr::Coalesce(items, _) => vec![always(items.iter())],
        Expr::FnCall(call, _) | Expr::MethodCall(call, _) => vec![always(&call.args)],
        _ => Vec::new(),
    }
}
