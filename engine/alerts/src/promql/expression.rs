//! What an expression is made of.

/// An expression that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    pub(super) node: Node,
    /// So many levels are below it: what walks over it may call itself so often.
    pub(super) depth: usize,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Number,
    Text(String),
    /// `up{job="api"}`, with or without a range.
    Selector(Vec<Matcher>),
    /// `(…)[5m:1m]`
    Subquery(Box<Expression>),
    Call {
        function: String,
        arguments: Vec<Expression>,
        /// Loki: `sum_over_time(…) by (pod)`.
        grouping: Option<Grouping>,
    },
    Aggregation {
        operator: String,
        grouping: Option<Grouping>,
        arguments: Vec<Expression>,
    },
    Binary {
        operator: Operator,
        left: Box<Expression>,
        right: Box<Expression>,
        matching: Matching,
    },
}

/// `job="api"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matcher {
    pub(super) label: String,
    /// `Some` for `=` only.
    pub(super) equals: Option<String>,
}

/// `by (…)` or `without (…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

/// What stands between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    /// `and`, `unless`: the right side takes elements away from the left one, and adds nothing to them.
    Filter,
    /// Comparisons and arithmetic.
    Other,
}

/// Which elements of two sides belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Matching {
    pub(super) by: Option<By>,
    /// The side with several elements for one of the other.
    pub(super) many: Option<Side>,
    /// The labels that the elements of that side get from the other.
    pub(super) included: Vec<String>,
}

/// `on (…)` or `ignoring (…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum By {
    On(Vec<String>),
    Ignoring(Vec<String>),
}

/// A side of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// What an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// Elements with labels.
    Vector,
    /// One number without any.
    Scalar,
    /// A function that is not known here.
    Unknown,
}

impl Expression {
    pub(super) fn new(node: Node) -> Self {
        let below = |inner: &[Self]| inner.iter().map(|inner| inner.depth).max().unwrap_or(0);
        let depth = match &node {
            Node::Number | Node::Text(_) | Node::Selector(_) => 0,
            Node::Subquery(inner) => inner.depth,
            Node::Call { arguments, .. } | Node::Aggregation { arguments, .. } => below(arguments),
            Node::Binary { left, right, .. } => left.depth.max(right.depth),
        };
        Self { node, depth: depth + 1 }
    }
}
