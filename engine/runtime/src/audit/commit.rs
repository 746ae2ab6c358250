//! Who a commit is by, and when.

use git2::{Oid, Signature, Time};
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

/// A commit as git stores it.
pub(super) fn content(author: &Signature<'_>, committer: &Signature<'_>, message: &str, tree: Oid, parents: &[Oid]) -> Vec<u8> {
    let mut content = format!("tree {tree}\n");
    for parent in parents {
        content.push_str(&format!("parent {parent}\n"));
    }
    let mut content = content.into_bytes();
    for (role, who) in [("author", author), ("committer", committer)] {
        content.extend_from_slice(role.as_bytes());
        content.push(b' ');
        content.extend_from_slice(who.name_bytes());
        content.extend_from_slice(b" <");
        content.extend_from_slice(who.email_bytes());
        // All times here are UTC: `time` makes no others.
        content.extend_from_slice(format!("> {} +0000\n", who.when().seconds()).as_bytes());
    }
    content.push(b'\n');
    content.extend_from_slice(message.as_bytes());
    content
}

/// A commit with its signature, as the last field before the message. What is signed is the commit without it.
pub(super) fn signed(content: &[u8], signature: &str) -> Vec<u8> {
    // The first empty line: no field has one.
    let fields = content.windows(2).position(|pair| pair == b"\n\n").map_or(content.len(), |at| at + 1);
    let mut signed = content[..fields].to_vec();
    for (at, line) in signature.trim_end().lines().enumerate() {
        signed.extend_from_slice(if at == 0 { b"gpgsig " } else { b" " });
        signed.extend_from_slice(line.as_bytes());
        signed.push(b'\n');
    }
    signed.extend_from_slice(&content[fields..]);
    signed
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

    /// The same as libgit2 makes of it, with a signature and without.
    #[test]
    fn a_commit_is_what_libgit2_makes() {
        let place = tempfile::tempdir().unwrap();
        let git = git2::Repository::init_bare(place.path()).unwrap();
        let tree = git.find_tree(git.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let at = "2026-11-21T03:00:00Z".parse().unwrap();
        let author = author(&Person { name: "Zoë <x>".to_owned(), host: "ops-1".to_owned(), from: From::Web }, at).unwrap();
        let us = committer("ops-1", at).unwrap();
        let mut parents: Vec<Oid> = Vec::new();
        for message in ["one", "two\n\nwith a body\n", "\nthree"] {
            let commits: Vec<_> = parents.iter().map(|id| git.find_commit(*id).unwrap()).collect();
            let theirs = git.commit_create_buffer(&author, &us, message, &tree, &commits.iter().collect::<Vec<_>>()).unwrap();
            let ours = content(&author, &us, message, tree.id(), &parents);
            assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&theirs));
            let signature = "-----BEGIN SSH SIGNATURE-----\nU1NI\nU0lH\n-----END SSH SIGNATURE-----\n";
            let theirs = git.commit_signed(std::str::from_utf8(&theirs).unwrap(), signature.trim_end(), None).unwrap();
            let ours = signed(&ours, signature);
            let read = git.odb().unwrap();
            assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(read.read(theirs).unwrap().data()));
            parents.push(theirs);
        }
    }
}
