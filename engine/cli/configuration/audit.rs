//! What files say about the audit trail: keys, who counts, where it is copied to.

use std::path::{Path, PathBuf};

use toml::de::DeTable;

use crate::configuration::Sourced;
use crate::configuration::reader::Reader;

/// Whether runs have to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Nothing is written unsigned.
    Required,
    /// What cannot be signed is written, and said to be unsigned.
    Optional,
}

impl Policy {
    /// The word in a file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
        }
    }
}

/// What one file says in `[audit]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Audit {
    /// What the operator signs with: `agent`, `agent:SHA256:…` or a file.
    pub sign: Option<Sourced<String>>,
    /// Whether runs have to be signed.
    pub signing: Option<Sourced<Policy>>,
    /// Whose signatures count: a file as `ssh-keygen -Y verify` reads it.
    pub allowed_signers: Option<Sourced<String>>,
    /// Where the trail is pushed to: a URL or path, as git takes it.
    pub remote: Option<Sourced<String>>,
}

/// Reads `[audit]`, or `[env.NAME.audit]`, where only the signing can differ.
pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>, place: &str, everything: bool) -> Audit {
    let Some(audit) = reader.table(table, "audit") else { return Audit::default() };
    let known: &[&str] = if everything { &["sign", "signing", "allowed_signers", "remote"] } else { &["sign", "signing"] };
    reader.only(place, audit, known);
    Audit {
        sign: reader.text(audit, "sign"),
        signing: policy(reader, audit),
        allowed_signers: if everything { reader.text(audit, "allowed_signers") } else { None },
        remote: if everything { reader.text(audit, "remote") } else { None },
    }
}

fn policy(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Option<Sourced<Policy>> {
    let word = reader.text(table, "signing")?;
    let policy = match word.value.as_str() {
        "required" => Policy::Required,
        "optional" => Policy::Optional,
        _ => {
            let span = table.get("signing").map(toml::Spanned::span).unwrap_or_default();
            reader.complain(span, "`signing` wants \"required\" or \"optional\"", None);
            return None;
        }
    };
    Some(Sourced::new(policy, word.origin))
}

impl Audit {
    /// Lays a file's `[audit]` over what was said before. The user's own file may ask for more signing, never for less: how
    /// much care an environment deserves is for the repository to say.
    pub(super) fn overlay(&mut self, layer: Self, is_own: bool) {
        self.sign = layer.sign.or(self.sign.take());
        self.allowed_signers = layer.allowed_signers.or(self.allowed_signers.take());
        self.remote = layer.remote.or(self.remote.take());
        let counts = |signing: &Sourced<Policy>| !is_own || signing.value == Policy::Required;
        self.signing = layer.signing.filter(counts).or(self.signing.take());
    }
}

/// A path as a person writes it: `~/` is their home, anything else starts from `base`.
#[must_use]
pub fn expanded(text: &str, home: Option<&Path>, base: &Path) -> PathBuf {
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => base.join(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::Origin;

    fn asks(signing: Policy) -> Audit {
        Audit { signing: Some(Sourced::new(signing, Origin::BuiltIn)), ..Audit::default() }
    }

    #[test]
    fn ones_own_file_asks_for_more_signing_and_never_for_less() {
        let mut audit = asks(Policy::Required);
        audit.overlay(asks(Policy::Optional), true);
        assert_eq!(audit, asks(Policy::Required));
        audit.overlay(asks(Policy::Optional), false);
        assert_eq!(audit, asks(Policy::Optional));
        audit.overlay(asks(Policy::Required), true);
        assert_eq!(audit, asks(Policy::Required));
    }

    #[test]
    fn home_and_base() {
        let (home, base) = (Path::new("/home/ann"), Path::new("/srv/books"));
        assert_eq!(expanded("~/.ssh/id", Some(home), base), home.join(".ssh/id"));
        assert_eq!(expanded("keys/allowed", Some(home), base), base.join("keys/allowed"));
        assert_eq!(expanded("/etc/allowed", None, base), Path::new("/etc/allowed"));
    }
}
