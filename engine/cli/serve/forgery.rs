//! Keeps other sites from asking in a visitor's name: a page of theirs can send a form here, and the browser adds the cookie.
//!
//! Two things are wanted of everything that changes something, and neither can be had elsewhere: an `Origin` that is ours,
//! and a token that stands in our own pages only.

use ring::hmac;

use super::token;

/// Makes and knows the tokens of forms, and seals what a form carries back.
#[derive(Debug)]
pub(super) struct Forgery {
    key: hmac::Key,
}

impl Forgery {
    /// With a key of this process.
    pub(super) fn new(key: &str) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()) }
    }

    /// The token for the forms of a visitor: of a session, or of somebody whom a proxy names.
    pub(super) fn token(&self, visitor: &str) -> String {
        token::hex(hmac::sign(&self.key, format!("form\0{visitor}").as_bytes()).as_ref())
    }

    /// Whether a form has the token of this visitor.
    pub(super) fn knows(&self, visitor: &str, given: &str) -> bool {
        token::same(&self.token(visitor), given)
    }

    /// A text that comes back in a form as it was: its hexadecimal digits and their seal.
    pub(super) fn sealed(&self, visitor: &str, text: &str) -> String {
        let seal = hmac::sign(&self.key, format!("text\0{visitor}\0{text}").as_bytes());
        format!("{}.{}", token::hex(text.as_bytes()), token::hex(seal.as_ref()))
    }

    /// The text that was sealed for this visitor; `None` when this is not it.
    pub(super) fn opened(&self, visitor: &str, sealed: &str) -> Option<String> {
        let (text, seal) = sealed.split_once('.')?;
        let text = String::from_utf8(token::bytes(text)?).ok()?;
        hmac::verify(&self.key, format!("text\0{visitor}\0{text}").as_bytes(), &token::bytes(seal)?).ok()?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_visitor_and_a_sealed_text_comes_back_as_it_was() {
        let forgery = Forgery::new("key");
        assert!(forgery.knows("ann", &forgery.token("ann")));
        assert!(!forgery.knows("ann", &forgery.token("bob")) && !forgery.knows("ann", ""));
        let sealed = forgery.sealed("ann", "{\"service\":\"ü\"}");
        assert_eq!(forgery.opened("ann", &sealed).as_deref(), Some("{\"service\":\"ü\"}"));
        assert_eq!(forgery.opened("bob", &sealed), None);
        for changed in [sealed.replacen('7', "8", 1), sealed.replace('.', ""), format!("{sealed}00"), String::new()] {
            assert_eq!(forgery.opened("ann", &changed), None, "{changed}");
        }
        assert_eq!(Forgery::new("other").opened("ann", &sealed), None);
    }
}
