//! Tokens: made, compared, and kept in a file for the owner of the state directory.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// A fresh token: 256 bits in hexadecimal digits.
///
/// # Errors
/// The system has no random numbers.
pub fn fresh() -> Result<String, Failure> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Failure::new(ExitCode::Refused, "the system gives no random numbers; nothing was started"))?;
    Ok(hex(&bytes))
}

/// The digest by which a token can be known without being known, in hexadecimal digits.
#[must_use]
pub fn digest(token: &str) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, token.as_bytes()).as_ref())
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub(super) fn same(one: &str, other: &str) -> bool {
    // Of the digests: how long the right one is must not show either.
    let (one, other) = (digest(one), digest(other));
    one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits; `None` when they are none.
pub(super) fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let digits = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits && hex.len().is_multiple_of(2) { hex.as_bytes().chunks_exact(2).map(pair).collect() } else { None }
}

/// The token in a file that only its owner can read, made when it is not there.
///
/// # Errors
/// It cannot be made or read, or others can read it.
pub(super) fn kept(path: &Path) -> Result<String, Failure> {
    let unusable = |why: String| Failure::new(ExitCode::Refused, format!("`{}` cannot be used: {why}", path.display()));
    if fs::metadata(path).is_ok_and(|file| file.len() == 0) {
        // Of a server that was killed before it had written a token: nobody knows one.
        fs::remove_file(path).map_err(|error| unusable(error.to_string()))?;
    }
    if !path.exists() {
        let token = fresh()?;
        let directory = path.parent().unwrap_or(Path::new("."));
        // It gets its name when it is whole: a server that was killed while it wrote would leave one that no server takes.
        let made = tempfile::NamedTempFile::new_in(directory).and_then(|mut file| {
            file.write_all(format!("{token}\n").as_bytes())?;
            file.as_file().sync_all()?;
            file.persist_noclobber(path).map_err(|refused| refused.error)
        });
        match made {
            Ok(_) => return Ok(token),
            // Another server was faster.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unusable(error.to_string())),
        }
    }
    private(path)
}

/// The first line of a file that only its owner can read.
///
/// # Errors
/// It cannot be read, is empty, or others can read it.
pub(super) fn private(path: &Path) -> Result<String, Failure> {
    let unusable = |why: String| Failure::new(ExitCode::Refused, format!("`{}` cannot be used: {why}", path.display()));
    let mode = fs::metadata(path).map_err(|error| unusable(error.to_string()))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(unusable("others can read it".to_owned()).hint(format!("chmod 600 {}", path.display())));
    }
    let text = fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    match text.lines().next().map(str::trim).filter(|line| line.len() >= 16) {
        Some(line) => Ok(line.to_owned()),
        None => Err(unusable("its first line wants at least 16 characters".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_is_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("token");
        let token = kept(&path).unwrap();
        assert_eq!((token.len(), kept(&path).unwrap()), (64, token));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(kept(&path).unwrap_err().to_string().contains("others can read it"));
        fs::write(&path, "").unwrap();
        assert_eq!(kept(&path).unwrap().len(), 64);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn digits_and_comparison() {
        assert_eq!(bytes("00fF"), Some(vec![0, 255]));
        assert!(bytes("0").is_none() && bytes("+1").is_none() && bytes("zz").is_none());
        assert!(same("a", "a") && !same("a", "b") && !same("a", "aa") && !same("", "a"));
    }
}
