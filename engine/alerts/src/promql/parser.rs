//! Where the reading of an expression is, and what it may take next.

use super::parse::NotUnderstood;
use super::token::Token;

pub(super) type Read<T> = Result<T, NotUnderstood>;

pub(super) struct Parser {
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    /// How deep the reading is in itself.
    pub(super) depth: usize,
}

impl Parser {
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if *found == sign)
    }

    pub(super) fn took_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, sign: &str) -> Read<()> {
        if self.took_sign(sign) { Ok(()) } else { Err(NotUnderstood) }
    }

    /// The keyword that stands here, in lower case: PromQL knows no difference.
    pub(super) fn word(&self) -> Option<String> {
        match self.peek() {
            Some(Token::Name(name)) => Some(name.to_ascii_lowercase()),
            _ => None,
        }
    }

    pub(super) fn took_word(&mut self, word: &str) -> bool {
        let found = self.word().is_some_and(|found| found == word);
        self.at += usize::from(found);
        found
    }

    /// `(a, b)`
    pub(super) fn names(&mut self) -> Read<Vec<String>> {
        self.expect("(")?;
        let mut names = Vec::new();
        while !self.took_sign(")") {
            match self.peek() {
                Some(Token::Name(name) | Token::Text(name)) => names.push(name.clone()),
                _ => return Err(NotUnderstood),
            }
            self.at += 1;
            if !self.is_sign(")") {
                self.expect(",")?;
            }
        }
        Ok(names)
    }

    /// A number or a length of time.
    pub(super) fn number(&mut self) -> Read<()> {
        let found = self.peek() == Some(&Token::Number);
        self.at += usize::from(found);
        if found { Ok(()) } else { Err(NotUnderstood) }
    }
}
