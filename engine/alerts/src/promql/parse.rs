//! From words and signs to an expression.

use super::expression::{By, Expression, Grouping, Matcher, Matching, Node, Operator, Side};
use super::functions::{AGGREGATIONS, CHOICES};
use super::parser::{Parser, Read};
use super::token::{Token, tokens};

/// The longest expression that is read, in bytes.
const LONGEST: usize = 256 * 1024;
/// The deepest nesting, `a or b or c` counted as well.
const DEEPEST: usize = 200;

/// Not an expression, or one that is not understood here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this expression is not understood here")]
pub struct NotUnderstood;

/// How tightly `^` binds.
const POWER: usize = 6;

/// Reads an expression.
///
/// # Errors
/// It is none, is longer than 256 KiB or deeper than 200 levels, or is not understood here.
pub fn read(text: &str) -> Result<Expression, NotUnderstood> {
    if text.len() > LONGEST {
        return Err(NotUnderstood);
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let expression = parser.expression(0)?;
    if parser.at == parser.tokens.len() { Ok(expression) } else { Err(NotUnderstood) }
}

impl Parser {
    /// Operators that bind at least so tightly.
    fn expression(&mut self, least: usize) -> Read<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(NotUnderstood);
        }
        let mut left = self.operand()?;
        while let Some((operator, strength)) = self.operator().filter(|(_, strength)| *strength >= least) {
            self.at += 1;
            self.took_word("bool");
            let matching = self.matching()?;
            // `^` binds to the right, all others to the left.
            let right = self.expression(if strength == POWER { strength } else { strength + 1 })?;
            left = Expression::new(Node::Binary { operator, left: left.into(), right: right.into(), matching });
            if left.depth > DEEPEST {
                return Err(NotUnderstood);
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operator(&self) -> Option<(Operator, usize)> {
        match self.peek()? {
            Token::Sign("==" | "!=" | ">=" | "<=" | ">" | "<") => Some((Operator::Other, 3)),
            Token::Sign("+" | "-") => Some((Operator::Other, 4)),
            Token::Sign("*" | "/" | "%") => Some((Operator::Other, 5)),
            Token::Sign("^") => Some((Operator::Other, POWER)),
            Token::Name(_) => match self.word()?.as_str() {
                "or" => Some((Operator::Or, 1)),
                "and" | "unless" => Some((Operator::Filter, 2)),
                "atan2" => Some((Operator::Other, 5)),
                _ => None,
            },
            _ => None,
        }
    }

    fn matching(&mut self) -> Read<Matching> {
        let mut matching = Matching::default();
        match self.word().as_deref() {
            Some("on") => {
                self.at += 1;
                matching.by = Some(By::On(self.names()?));
            }
            Some("ignoring") => {
                self.at += 1;
                matching.by = Some(By::Ignoring(self.names()?));
            }
            _ => return Ok(matching),
        }
        let many = match self.word().as_deref() {
            Some("group_left") => Side::Left,
            Some("group_right") => Side::Right,
            _ => return Ok(matching),
        };
        self.at += 1;
        matching.many = Some(many);
        // A bracket begins a list here, and never the other side: `group_left () (…)`.
        if self.is_sign("(") {
            matching.included = self.names()?;
        }
        Ok(matching)
    }

    fn operand(&mut self) -> Read<Expression> {
        if self.took_sign("-") || self.took_sign("+") {
            // A sign binds less tightly than `^`, and leaves every label where it is.
            return self.expression(POWER);
        }
        let bare = self.bare()?;
        self.behind(bare)
    }

    fn bare(&mut self) -> Read<Expression> {
        let token = self.peek().cloned().ok_or(NotUnderstood)?;
        match token {
            Token::Number => {
                self.at += 1;
                Ok(Expression::new(Node::Number))
            }
            Token::Text(text) => {
                self.at += 1;
                Ok(Expression::new(Node::Text(text)))
            }
            Token::Sign("(") => {
                self.at += 1;
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign("{") => self.selector(),
            Token::Sign(_) => Err(NotUnderstood),
            Token::Name(name) => {
                self.at += 1;
                self.named(name)
            }
        }
    }

    fn named(&mut self, name: String) -> Read<Expression> {
        let word = name.to_ascii_lowercase();
        let is_aggregation = AGGREGATIONS.contains(&word.as_str()) || CHOICES.contains(&word.as_str());
        let grouping = if is_aggregation { self.grouping()? } else { None };
        if self.is_sign("(") {
            let arguments = self.arguments()?;
            let grouping = if grouping.is_none() { self.grouping()? } else { grouping };
            let node = if is_aggregation {
                Node::Aggregation { operator: word, grouping, arguments }
            } else {
                Node::Call { function: name, arguments, grouping }
            };
            return Ok(Expression::new(node));
        }
        if grouping.is_some() {
            return Err(NotUnderstood);
        }
        if self.is_sign("{") {
            return self.selector();
        }
        Ok(Expression::new(if matches!(word.as_str(), "inf" | "nan") { Node::Number } else { Node::Selector(Vec::new()) }))
    }

    fn grouping(&mut self) -> Read<Option<Grouping>> {
        let by = match self.word().as_deref() {
            Some("by") => true,
            Some("without") => false,
            _ => return Ok(None),
        };
        self.at += 1;
        let names = self.names()?;
        Ok(Some(if by { Grouping::By(names) } else { Grouping::Without(names) }))
    }

    fn arguments(&mut self) -> Read<Vec<Expression>> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        while !self.took_sign(")") {
            arguments.push(self.expression(0)?);
            if !self.is_sign(")") {
                self.expect(",")?;
            }
        }
        Ok(arguments)
    }

    /// `{job="api", "odd.name"=~"x"}`
    fn selector(&mut self) -> Read<Expression> {
        self.expect("{")?;
        let mut matchers = Vec::new();
        while !self.took_sign("}") {
            let Some(Token::Name(label) | Token::Text(label)) = self.peek().cloned() else { return Err(NotUnderstood) };
            self.at += 1;
            let sign = ["=", "!=", "=~", "!~"].into_iter().find(|sign| self.took_sign(sign));
            if let Some(sign) = sign {
                let Some(Token::Text(value)) = self.peek().cloned() else { return Err(NotUnderstood) };
                self.at += 1;
                matchers.push(Matcher { label, equals: (sign == "=").then_some(value) });
            }
            // `{a="b" or a="c"}` is of another dialect, and means something else.
            if !self.is_sign("}") {
                self.expect(",")?;
            }
        }
        if ["|", "|=", "|~", "|>", "!=", "!~", "!>"].iter().any(|sign| self.is_sign(sign)) {
            return self.pipeline(matchers);
        }
        Ok(Expression::new(Node::Selector(matchers)))
    }

    /// What Loki does with the lines of a stream, up to the range: it may make labels of whatever stands in them. Of Prometheus, a
    /// comparison may stand here.
    fn pipeline(&mut self, matchers: Vec<Matcher>) -> Read<Expression> {
        if self.is_sign("!=") && !matches!(self.tokens.get(self.at + 1), Some(Token::Text(_))) {
            return Ok(Expression::new(Node::Selector(matchers)));
        }
        while self.peek().is_some() && !self.is_sign("[") {
            self.at += 1;
        }
        if self.peek().is_some() { Ok(Expression::new(Node::Selector(Vec::new()))) } else { Err(NotUnderstood) }
    }

    /// What stands behind an operand: a range, a subquery, `offset`, `@`. None of it changes labels.
    fn behind(&mut self, mut bare: Expression) -> Read<Expression> {
        loop {
            if self.took_sign("[") {
                let mut is_subquery = false;
                while !self.took_sign("]") {
                    is_subquery |= *self.peek().ok_or(NotUnderstood)? == Token::Sign(":");
                    self.at += 1;
                }
                if is_subquery {
                    bare = Expression::new(Node::Subquery(bare.into()));
                }
            } else if self.took_word("offset") {
                self.took_sign("-");
                self.number()?;
            } else if self.took_sign("@") {
                self.took_sign("-");
                if matches!(self.word().as_deref(), Some("start" | "end")) {
                    self.at += 1;
                    self.expect("(")?;
                    self.expect(")")?;
                } else {
                    self.number()?;
                }
            } else if bare.depth > DEEPEST {
                return Err(NotUnderstood);
            } else {
                return Ok(bare);
            }
        }
    }
}
