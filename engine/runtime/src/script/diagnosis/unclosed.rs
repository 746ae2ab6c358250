//! What is still open where reading stopped: Rhai names the comma that it would have taken, and not the bracket that is missing.

use rhai::{Engine, Position, Token};

/// A bracket that nothing has closed.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::script) struct Unclosed {
    /// Where it begins: the name of the function when it is a call.
    pub(in crate::script) begin: Position,
    /// What would close it.
    pub(in crate::script) close: char,
    /// The last token before the place where reading stopped.
    pub(in crate::script) last: Position,
}

/// The innermost bracket of a text that is open at a place.
pub(in crate::script) fn unclosed(engine: &Engine, text: &str, at: Position) -> Option<Unclosed> {
    let texts = [text];
    let (tokens, control) = engine.lex(&texts);
    let mut open: Vec<(Position, char, bool)> = Vec::new();
    let (mut last, mut name, mut in_text) = (Position::NONE, None, false);
    for (token, position) in tokens {
        if token == Token::EOF || position >= at {
            break;
        }
        match &token {
            Token::LeftParen => open.push((name.unwrap_or(position), ')', false)),
            Token::LeftBracket => open.push((position, ']', false)),
            Token::LeftBrace | Token::MapStart => open.push((position, '}', in_text)),
            Token::RightParen | Token::RightBracket | Token::RightBrace => {
                // Behind the value in a `text with ${…}` the text goes on.
                if let Some((_, _, true)) = open.pop() {
                    control.borrow_mut().is_within_text = true;
                }
            }
            _ => {}
        }
        in_text = matches!(token, Token::InterpolatedString(_));
        name = matches!(token, Token::Identifier(_)).then_some(position);
        last = position;
    }
    let (begin, close, _) = open.pop()?;
    Some(Unclosed { begin, close, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<((usize, usize), char)> {
        let end = Position::new(u16::MAX, 1);
        let place = |at: Position| Some((at.line()?, at.position()?));
        unclosed(&Engine::new_raw(), text, end).and_then(|found| Some((place(found.begin)?, found.close)))
    }

    #[test]
    fn the_innermost_is_found_whatever_stands_in_texts_and_remarks() {
        assert_eq!(found("f(1, [2, #{ a: g(3) }])"), None);
        assert_eq!(found("f(1,\n  g([2)"), Some(((2, 3), ')')), "a wrong one closes as well");
        assert_eq!(found("f(\n [1,\n #{ a: 1"), Some(((3, 2), '}')));
        assert_eq!(found("f(\"))\", ')', // )\n /* ) */ `) ${ g(1) } )`"), Some(((1, 1), ')')));
        assert_eq!(found("f(`a ${ #{ b: `${c}` } } )` + `${d}`"), Some(((1, 1), ')')));
        assert_eq!(found("(1 + 2"), Some(((1, 1), ')')));
        assert_eq!(found(""), None);
        assert_eq!(found("f(\"no end"), Some(((1, 1), ')')));
    }
}
