//! The addresses that lead to us: `/open/RUNBOOK?param=value`, `/alert/NAME?label=value`, `/a/FINGERPRINT`.
//!
//! They are decoded once and strictly. What one says is a proposal, and never more.

/// The longest address that is read, in bytes.
pub const LONGEST: usize = 16 * 1024;
/// The most names with values that one may hold.
const MOST: usize = 200;

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A runbook, with values for its parameters.
    Open {
        /// The name of the runbook.
        runbook: String,
        /// Names and values as they stand in the address, decoded.
        pairs: Vec<(String, String)>,
    },
    /// Whatever runbook answers an alert.
    Alert {
        /// The name of the alert.
        name: String,
        /// Its labels, as the address says.
        labels: Vec<(String, String)>,
    },
    /// An alert that a webhook told the page of.
    Occurrence {
        /// Its fingerprint.
        fingerprint: String,
    },
    /// Another page: not one of ours.
    Elsewhere,
}

/// An address that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// `http`, `https` or `runbook`.
    pub scheme: String,
    /// The host with its port; empty for `runbook:`.
    pub host: String,
    /// Where it leads.
    pub target: Target,
    /// Whether a `?` stands behind the `#`: what follows is no query, whatever it looks like.
    pub query_in_fragment: bool,
}

/// An address that is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// It is too long.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// It has another scheme, or none.
    #[error("it begins neither with `https://` nor with `http://`")]
    Scheme,
    /// It has no host.
    #[error("it names no host")]
    NoHost,
    /// It holds a user, behind which the real host hides.
    #[error("it names a user before its host (`user@host`): what stands first is not where it leads")]
    User,
    /// A character that no address holds.
    #[error("it holds {0}, which no address may")]
    Character(&'static str),
    /// A path that says one thing and means another.
    #[error("its path holds `{0}`")]
    Path(&'static str),
    /// A broken percent code.
    #[error("it holds a broken percent code, or one that is not UTF-8")]
    Code,
    /// More names than anybody needs.
    #[error("it holds more than {MOST} names")]
    TooMany,
}

/// Reads an address.
///
/// # Errors
/// It is not one that may be followed; nothing of it is used.
pub fn read(address: &str) -> Result<Link, BadLink> {
    if address.len() > LONGEST {
        return Err(BadLink::TooLong);
    }
    for odd in address.chars() {
        match odd {
            '\\' => return Err(BadLink::Character("a backslash")),
            odd if odd.is_control() => return Err(BadLink::Character("a control character")),
            odd if odd.is_whitespace() => return Err(BadLink::Character("a space")),
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
                return Err(BadLink::Character("an invisible character"));
            }
            _ => {}
        }
    }
    let (scheme, rest) = address.split_once("://").ok_or(BadLink::Scheme)?;
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https" | "runbook") {
        return Err(BadLink::Scheme);
    }
    let (rest, fragment) = rest.split_once('#').map_or((rest, ""), |(rest, fragment)| (rest, fragment));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    // `runbook://open/NAME` has no host: what stands there is the first word of the path.
    let (host, path) = if scheme == "runbook" { ("", rest) } else { rest.split_once('/').unwrap_or((rest, "")) };
    if host.contains('@') {
        return Err(BadLink::User);
    }
    if scheme != "runbook" && (host.is_empty() || host.starts_with(':')) {
        return Err(BadLink::NoHost);
    }
    if host.contains('%') {
        return Err(BadLink::Character("a percent code in its host"));
    }
    let target = target(path, query)?;
    Ok(Link { scheme, host: host.to_owned(), target, query_in_fragment: fragment.contains('?') })
}

impl Link {
    /// Where an address leads on a page that may live below a path of its host; `None` when it is not on that page. `base` is the
    /// address of the page, and `address` what this was read from.
    #[must_use]
    pub fn target_below(&self, address: &str, base: &str) -> Option<Target> {
        if self.scheme == "runbook" {
            return Some(self.target.clone());
        }
        let base = base.trim_end_matches('/');
        let start = address.get(..base.len())?;
        let rest = address[base.len()..].strip_prefix('/').filter(|_| start.eq_ignore_ascii_case(base))?;
        read(&format!("https://page/{rest}")).ok().map(|link| link.target)
    }
}

fn target(path: &str, query: &str) -> Result<Target, BadLink> {
    let lower = path.to_ascii_lowercase();
    for hidden in ["%2f", "%5c", "%00", "%2e%2e", "%2e.", ".%2e"] {
        if lower.contains(hidden) {
            return Err(BadLink::Path(hidden));
        }
    }
    if path.split('/').any(|part| part == "..") {
        return Err(BadLink::Path(".."));
    }
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    // Of other people's pages nothing more is asked than that nothing is hidden in them.
    if !matches!(first, "open" | "alert" | "a") || rest.is_empty() {
        return Ok(Target::Elsewhere);
    }
    let name = decoded(rest, false)?;
    if name.chars().any(char::is_control) {
        return Err(BadLink::Character("a control character"));
    }
    Ok(match first {
        "open" => Target::Open { runbook: name, pairs: pairs(query)? },
        "alert" => Target::Alert { name, labels: pairs(query)? },
        _ => Target::Occurrence { fingerprint: name },
    })
}

fn pairs(query: &str) -> Result<Vec<(String, String)>, BadLink> {
    let parts: Vec<_> = query.split('&').filter(|part| !part.is_empty()).collect();
    if parts.len() > MOST {
        return Err(BadLink::TooMany);
    }
    let pair = |part: &&str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        Ok((decoded(name, true)?, decoded(value, true)?))
    };
    parts.iter().map(pair).collect()
}

/// Decodes percent codes, once; in a query `+` is a space.
fn decoded(text: &str, query: bool) -> Result<String, BadLink> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' if query => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit().ok_or(BadLink::Code)?, digit().ok_or(BadLink::Code)?);
                u8::try_from(high * 16 + low).map_err(|_| BadLink::Code)?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| BadLink::Code)
}

/// The address of a runbook with values for its parameters, below `base`.
#[must_use]
pub fn to_runbook(base: &str, runbook: &str, pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    let path: Vec<_> = runbook.split('/').map(encoded).collect();
    format!("{}/open/{}{query}", base.trim_end_matches('/'), path.join("/"))
}

/// A text as a part of an address: everything but letters, digits and `-._~` in percent codes.
#[must_use]
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_hides_something_is_refused() {
        for (address, why) in [
            ("javascript:alert(1)", BadLink::Scheme),
            ("file:///etc/passwd", BadLink::Scheme),
            ("//evil.example/open/x", BadLink::Scheme),
            ("https://good.example@evil.example/open/x", BadLink::User),
            ("https:///open/x", BadLink::NoHost),
            ("https://h/open/a b", BadLink::Character("a space")),
            ("https://h/open/a\u{202e}b", BadLink::Character("an invisible character")),
            ("https://h\\@evil/open/a", BadLink::Character("a backslash")),
            ("https://h/open/../a", BadLink::Path("..")),
            ("https://h/open/a%2Fb", BadLink::Path("%2f")),
            ("https://h/open/a%00", BadLink::Path("%00")),
            ("https://h/open/%2e%2E/a", BadLink::Path("%2e%2e")),
            ("https://h/open/a?x=%zz", BadLink::Code),
            ("https://h/open/a?x=%ff", BadLink::Code),
            ("https://h/open/a%0a", BadLink::Character("a control character")),
        ] {
            assert_eq!(read(address), Err(why), "{address}");
        }
        assert_eq!(read(&format!("https://h/{}", "a".repeat(LONGEST))), Err(BadLink::TooLong));
        assert_eq!(read(&format!("https://h/open/a?{}", "x=1&".repeat(MOST + 1))), Err(BadLink::TooMany));
    }

    #[test]
    fn it_is_decoded_once_and_the_scheme_has_no_case() {
        let Target::Open { runbook, pairs } = read("RUNBOOK://open/api?x=a+b&y=%2525").unwrap().target else { panic!() };
        assert_eq!(runbook, "api");
        assert_eq!(pairs, [("x".to_owned(), "a b".to_owned()), ("y".to_owned(), "%25".to_owned())]);
        assert!(read("https://h/docs#top?x=1").unwrap().query_in_fragment);
        assert_eq!(read("https://h/docs/open/x").unwrap().target, Target::Elsewhere);
    }

    #[test]
    fn a_page_may_live_below_a_path_and_no_other_is_taken_for_it() {
        let below = |address: &str, base: &str| read(address).unwrap().target_below(address, base);
        let made = to_runbook("https://h/ops/", "api", &[]);
        let open = Target::Open { runbook: "api".to_owned(), pairs: Vec::new() };
        for base in ["https://h/ops", "https://h/ops/", "HTTPS://H/ops"] {
            assert_eq!(below(&made, base), Some(open.clone()), "{base}");
        }
        assert_eq!(below("runbook://open/api", "https://h/ops"), Some(open));
        for other in ["https://h/open/api", "https://h/opsy/open/api", "https://h.evil/ops/open/api", "http://h/ops/open/api"] {
            assert_eq!(below(other, "https://h/ops"), None, "{other}");
        }
        assert_eq!(below("https://h/ops/docs", "https://h/ops"), Some(Target::Elsewhere));
    }

    proptest! {
        #[test]
        fn what_is_made_is_read_back(value in ".{0,40}", name in "[a-z][a-z0-9_-]{0,9}(/[a-z0-9]{1,5})?") {
            let pairs = vec![("p".to_owned(), value)];
            let link = read(&to_runbook("https://h.example/", &name, &pairs)).expect("a good address");
            prop_assert_eq!(link.target, Target::Open { runbook: name, pairs });
        }

        #[test]
        fn nothing_makes_it_panic(address in ".{0,200}") {
            drop(read(&address));
            drop(read(&format!("https://h/open/{address}")));
        }
    }
}
