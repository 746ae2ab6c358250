//! Whose keys count, as an allowed-signers file of OpenSSH says (`ssh-keygen(1)`, "ALLOWED SIGNERS").

use jiff::Timestamp;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::{pattern, validity};

/// The people whose signatures count, each with a key.
#[derive(Debug, Clone, Default)]
pub struct AllowedSigners {
    lines: Vec<Allowed>,
}

#[derive(Debug, Clone)]
struct Allowed {
    principals: String,
    namespaces: Option<String>,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
    key: KeyData,
}

/// A line of an allowed-signers file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Why a key does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// Nobody has it.
    #[error("the key is not among the allowed signers")]
    Unknown,
    /// It is somebody's, and not for this.
    #[error("the key of {who} may not sign `{namespace}`")]
    Namespace {
        /// Whose it is.
        who: String,
        /// What it may not sign.
        namespace: &'static str,
    },
    /// It was not, or not any more, valid then.
    #[error("the key of {who} was not valid at {at}")]
    Time {
        /// Whose it is.
        who: String,
        /// When.
        at: Timestamp,
    },
    /// It is somebody else's.
    #[error("the key is that of {who}, not of {person}")]
    Other {
        /// Whose it is.
        who: String,
        /// Whose it should be.
        person: String,
    },
}

impl AllowedSigners {
    /// Reads the text of such a file. Certificates (`cert-authority`) are not known here: such a line allows nobody.
    ///
    /// # Errors
    /// [`Malformed`]: a line that is skipped in silence would one day be somebody's key.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut lines = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            lines.extend(allowed(line).map_err(|why| Malformed { line: at + 1, why: why.to_owned() })?);
        }
        Ok(Self { lines })
    }

    /// Whose key this is: the principals of its line, when it may sign in `namespace` at that time.
    ///
    /// # Errors
    /// [`NotAllowed`]
    pub fn who(&self, key: &PublicKey, namespace: &'static str, at: Timestamp) -> Result<&str, NotAllowed> {
        let mut why = NotAllowed::Unknown;
        for line in self.lines.iter().filter(|line| line.key == *key.key_data()) {
            let who = || line.principals.clone();
            if line.namespaces.as_ref().is_some_and(|list| !pattern::list_fits(list, namespace)) {
                why = NotAllowed::Namespace { who: who(), namespace };
            } else if line.after.is_some_and(|after| at < after) || line.before.is_some_and(|before| at > before) {
                why = NotAllowed::Time { who: who(), at };
            } else {
                return Ok(&line.principals);
            }
        }
        Err(why)
    }

    /// Makes sure that principals stand for a person, by login name and host: `ann`, `ann@host`, or `ann@` anything.
    ///
    /// # Errors
    /// [`NotAllowed::Other`]
    pub fn is_of(principals: &str, name: &str, host: &str) -> Result<(), NotAllowed> {
        let full = format!("{name}@{host}");
        let at_any_host = principals.split(',').any(|one| one.split_once('@').is_some_and(|(user, _)| user == name));
        if at_any_host || pattern::list_fits(principals, &full) || pattern::list_fits(principals, name) {
            return Ok(());
        }
        Err(NotAllowed::Other { who: principals.to_owned(), person: full })
    }
}

fn allowed(line: &str) -> Result<Option<Allowed>, &'static str> {
    const OPEN: &str = "a quote is not closed";
    let (principals, rest) = word(line).ok_or(OPEN)?;
    let (first, behind) = word(rest).ok_or(OPEN)?;
    let (options, key) = if is_kind(first) { ("", rest) } else { (first, behind) };
    let (mut namespaces, mut after, mut before, mut authority) = (None, None, None, false);
    for option in split(options) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = value.trim_matches('"');
        let time = || validity::time(value).map(Some).ok_or("a time is written YYYYMMDD[HHMM[SS]][Z]");
        match name.to_ascii_lowercase().as_str() {
            "namespaces" => namespaces = Some(value.to_owned()),
            "valid-after" => after = time()?,
            "valid-before" => before = time()?,
            "cert-authority" => authority = true,
            _ => return Err("it has an option that is not known"),
        }
    }
    if authority {
        return Ok(None);
    }
    let key = PublicKey::from_openssh(key).map_err(|_| "its key cannot be read")?.key_data().clone();
    Ok(Some(Allowed { principals: principals.replace('"', ""), namespaces, after, before, key }))
}

/// The first word, which may hold white space between quotes, and what stands behind it.
fn word(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let end = text.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        c.is_ascii_whitespace() && !quoted
    });
    match end {
        Some((end, _)) => Some((&text[..end], text[end..].trim_start())),
        None if quoted => None,
        None => Some((text, "")),
    }
}

/// Options, separated by commas that are not between quotes.
fn split(options: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let at_comma = move |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    };
    options.split(at_comma).filter(|option| !option.is_empty())
}

/// Whether a word is the kind of a key, and not options.
fn is_kind(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| word.starts_with(start))
}
