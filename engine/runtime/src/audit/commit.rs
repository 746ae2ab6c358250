//! Who a commit is by, and when.

use git2::{Signature, Time};
use jiff::Timestamp;
use runbook_model::person::Person;

/// The person who ran it.
pub(super) fn author(person: &Person, at: Timestamp) -> Result<Signature<'static>, git2::Error> {
    let name = printable(&person.name);
    Signature::new(&name, &format!("{name}@{}", printable(&person.host)), &time(at))
}

/// The engine on that host.
pub(super) fn committer(host: &str, at: Timestamp) -> Result<Signature<'static>, git2::Error> {
    Signature::new("runbook", &format!("runbook@{}", printable(host)), &time(at))
}

/// The message of the first commit of an archive. `nonce` is in no other; `after` is where the one ended that was here before and is gone: a break
/// in the trail is recorded, not passed over.
pub(super) fn founding_message(host: &str, nonce: &str, after: Option<&str>) -> String {
    let follows = after.map(|head| format!("Follows: {head}\n")).unwrap_or_default();
    format!("audit trail of {} begins\n\nTrail: {nonce}\n{follows}", printable(host))
}

fn time(at: Timestamp) -> Time {
    Time::new(at.as_second(), 0)
}

/// What git takes inside `name <name@host>`: no angle brackets, no control characters, not empty.
fn printable(text: &str) -> String {
    let odd = |c: char| c.is_control() || matches!(c, '<' | '>');
    let text: String = text.chars().map(|c| if odd(c) { '?' } else { c }).take(128).collect();
    // git cuts such characters off both ends, and refuses what is empty then.
    let cut = text.trim_matches(|c: char| c.is_whitespace() || ".,:;\"\\'".contains(c));
    if cut.is_empty() { "unknown".to_owned() } else { cut.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use runbook_model::person::From;

    proptest! {
        #[test]
        fn every_name_makes_a_commit(name in any::<String>(), host in any::<String>()) {
            let person = Person { name, host: host.clone(), from: From::Web };
            prop_assert!(author(&person, Timestamp::UNIX_EPOCH).is_ok());
            prop_assert!(committer(&host, Timestamp::UNIX_EPOCH).is_ok());
        }
    }
}
