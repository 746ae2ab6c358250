//! The key of a run: what lets the journal speak of secrets without saying anything.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use runbook_model::digest::Digest;
use runbook_model::secret::Sealed;
use rustix::fs::OFlags;
use zeroize::Zeroizing;

const LENGTH: usize = 32;

/// The key cannot be made or read, or is not the one that sealed something.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// The file of the key.
    #[error("the key of the run's secrets, `{}`, cannot be used: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandom,
    /// What was sealed was sealed with another key, or changed since.
    #[error(
        "what is sealed in the journal was sealed with another key than the run's, or was changed: was `secret.key` of the run's directory replaced, or has the run come from another machine?"
    )]
    OtherKey,
}

/// 32 random bytes, which lie beside the journal for their owner alone and never go into git.
///
/// Whoever has the journal and not the key learns nothing of a secret, not even whether a guess is right. Whoever can read the
/// key is the user whom the run belongs to, who could fetch the secret as well.
pub struct RunKey {
    prints: hmac::Key,
    seals: LessSafeKey,
}

impl std::fmt::Debug for RunKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RunKey")
    }
}

impl RunKey {
    /// The key in this file, which is made when it is not there. Blocks.
    ///
    /// # Errors
    /// [`NoKey`]: the file cannot be read or written, or holds something else.
    pub fn at(path: &Path) -> Result<Self, NoKey> {
        let failed = |source| NoKey::File { path: path.to_owned(), source };
        match read(path) {
            Ok(key) => return Self::of(&key),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            Err(_) => {}
        }
        let mut key = Zeroizing::new([0; LENGTH]);
        SystemRandom::new().fill(&mut *key).map_err(|_| NoKey::NoRandom)?;
        // Under its name only when it is whole: a key of which a crash left a part would lock up every later session.
        let directory = path.parent().unwrap_or(Path::new("/"));
        let mut fresh = tempfile::Builder::new().prefix("secret.new").tempfile_in(directory).map_err(failed)?;
        fresh.write_all(&*key).and_then(|()| fresh.as_file().sync_all()).map_err(failed)?;
        // Whoever comes first has made the key: one that took its name afterwards would leave what was sealed before without one.
        let key = match fresh.persist_noclobber(path) {
            Ok(_) => key,
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => read(path).map_err(failed)?,
            Err(error) => return Err(failed(error.error)),
        };
        // What is sealed with it goes into the journal next, and must not outlive it in a power cut.
        std::fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
        Self::of(&key)
    }

    /// A key for this process only.
    ///
    /// # Errors
    /// [`NoKey::NoRandom`].
    pub fn fleeting() -> Result<Self, NoKey> {
        let mut key = Zeroizing::new([0; LENGTH]);
        SystemRandom::new().fill(&mut *key).map_err(|_| NoKey::NoRandom)?;
        Self::of(&key)
    }

    fn of(key: &[u8; LENGTH]) -> Result<Self, NoKey> {
        let derived = |purpose: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), purpose);
        let seals = UnboundKey::new(&CHACHA20_POLY1305, derived(b"seal").as_ref()).map_err(|_| NoKey::NoRandom)?;
        let prints = hmac::Key::new(hmac::HMAC_SHA256, derived(b"print").as_ref());
        Ok(Self { prints, seals: LessSafeKey::new(seals) })
    }

    /// The keyed digest of the value of a secret.
    #[must_use]
    pub fn print(&self, name: &str, value: &str) -> Digest {
        let signed = hmac::sign(&self.prints, format!("{}:{name}{value}", name.len()).as_bytes());
        // A digest of the digest, because the type can only be made by hashing; it says no more than the inner one.
        Digest::of(signed.as_ref())
    }

    /// The bytes as only this key can read them.
    ///
    /// # Errors
    /// [`NoKey::NoRandom`].
    pub fn seal(&self, bytes: &[u8]) -> Result<Sealed, NoKey> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| NoKey::NoRandom)?;
        let mut sealed = bytes.to_vec();
        let sealing = self.seals.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed);
        sealing.map_err(|_| NoKey::NoRandom)?;
        Ok(Sealed(nonce.iter().chain(&sealed).map(|byte| format!("{byte:02x}")).collect()))
    }

    /// What was sealed.
    ///
    /// # Errors
    /// [`NoKey::OtherKey`].
    pub fn open(&self, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, NoKey> {
        let pairs = sealed.0.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let mut bytes = Zeroizing::new(pairs.map(byte).collect::<Option<Vec<_>>>().ok_or(NoKey::OtherKey)?);
        let (nonce, sealed) = bytes.split_first_chunk_mut::<NONCE_LEN>().ok_or(NoKey::OtherKey)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.seals.open_in_place(nonce, Aad::empty(), sealed).map_err(|_| NoKey::OtherKey)?;
        Ok(Zeroizing::new(opened.to_vec()))
    }
}

fn read(path: &Path) -> io::Result<Zeroizing<[u8; LENGTH]>> {
    let mut key = Zeroizing::new([0; LENGTH]);
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    file.read_exact(&mut *key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_key_is_made_once_for_its_owner_alone() {
        let dir = tempfile::tempdir().expect("a place");
        let path = dir.path().join("secret.key");
        let print = RunKey::at(&path).expect("a key").print("a", "value");
        assert_eq!(RunKey::at(&path).expect("the same").print("a", "value"), print);
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        let other = RunKey::fleeting().expect("another");
        assert_ne!(other.print("a", "value"), print);
        std::fs::write(&path, "short").expect("cut");
        assert!(matches!(RunKey::at(&path), Err(NoKey::File { .. })), "a key that was cut is not replaced in silence");
    }

    #[test]
    fn of_many_who_need_it_first_at_once_all_get_the_same() {
        let dir = tempfile::tempdir().expect("a place");
        let path = dir.path().join("secret.key");
        let start = std::sync::Barrier::new(8);
        let prints: Vec<_> = std::thread::scope(|scope| {
            let making: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        RunKey::at(&path).expect("a key").print("a", "value")
                    })
                })
                .collect();
            making.into_iter().map(|made| made.join().expect("no panic")).collect()
        });
        let kept = RunKey::at(&path).expect("the key that stays").print("a", "value");
        assert!(prints.iter().all(|print| *print == kept), "what is sealed with another key than this is lost");
        assert_eq!(std::fs::read_dir(dir.path()).expect("a place").count(), 1, "nothing else is left");
    }

    #[test]
    fn a_print_tells_names_and_values_apart() {
        let key = RunKey::fleeting().expect("a key");
        let prints = [key.print("a", "bc"), key.print("ab", "c"), key.print("a", "bd"), Digest::of(b"bc")];
        for (at, print) in prints.iter().enumerate() {
            assert!(!prints[at + 1..].contains(print));
        }
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_only_and_never_looks_the_same() {
        let (key, other) = (RunKey::fleeting().expect("a key"), RunKey::fleeting().expect("another"));
        let sealed = key.seal(b"old password").expect("sealed");
        assert_eq!(key.open(&sealed).expect("ours").as_slice(), b"old password");
        assert_ne!(key.seal(b"old password").expect("sealed"), sealed);
        assert!(other.open(&sealed).is_err());
        let mut changed = sealed.0.clone();
        changed.replace_range(40..41, if &changed[40..41] == "0" { "1" } else { "0" });
        for broken in [changed, String::new(), "zz".repeat(40), sealed.0[..20].to_owned(), "äöü".repeat(20)] {
            assert!(key.open(&Sealed(broken)).is_err());
        }
    }
}
