//! A key that an ssh-agent keeps. Two messages of its protocol are needed: "which keys" and "sign this"
//! (draft-miller-ssh-agent); each is asked on a connection of its own, so that no descriptor stays open for a command.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ssh_key::{HashAlg, LineEnding, PublicKey, Signature, SshSig};

use super::key_file::{USABLE, is_usable};
use super::signer::{CannotSign, Signer};

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// The longest answer that is read: some hundred keys.
const LONGEST: u32 = 256 * 1024;

/// An agent may ask its owner (`ssh-add -c`); longer than this nobody waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// A key in an agent. The agent signs; the private half is never here.
#[derive(Debug)]
pub struct AgentKey {
    socket: PathBuf,
    public: PublicKey,
}

impl AgentKey {
    /// The only usable key of the agent.
    ///
    /// # Errors
    /// [`CannotSign`] when there is no agent, or none or several of its keys can be used.
    pub fn only(socket: Option<&Path>) -> Result<Self, CannotSign> {
        let (socket, mut usable) = usable(socket)?;
        match (usable.pop(), usable.is_empty()) {
            (Some(public), true) => Ok(Self { socket, public }),
            (None, _) => Err(refused(format!("none of its keys can be used: {USABLE}; `ssh-add FILE` gives it to the agent"))),
            (Some(last), false) => {
                let prints: Vec<_> = usable.iter().chain([&last]).map(|key| format!("  agent:{}", print(key))).collect();
                Err(refused(format!("it has several keys: say which\n{}", prints.join("\n"))))
            }
        }
    }

    /// The key with this fingerprint (`SHA256:…`).
    ///
    /// # Errors
    /// [`CannotSign`] when there is no agent, or it does not have the key.
    pub fn of_fingerprint(socket: Option<&Path>, fingerprint: &str) -> Result<Self, CannotSign> {
        let (socket, usable) = usable(socket)?;
        let public = usable.into_iter().find(|key| print(key) == fingerprint).ok_or_else(|| {
            refused(format!("the agent does not have the key {fingerprint}: `ssh-add FILE` gives it to the agent, {USABLE}"))
        })?;
        Ok(Self { socket, public })
    }

    /// The key whose public half a file holds.
    ///
    /// # Errors
    /// [`CannotSign`] when there is no agent, or it does not have the key.
    pub fn of_file(socket: Option<&Path>, file: &Path, public: &PublicKey) -> Result<Self, CannotSign> {
        let key = file.display().to_string();
        let private = key.strip_suffix(".pub").unwrap_or(&key);
        let way_out = format!("without the agent only a key without passphrase can sign: `ssh-add {private}`");
        let (socket, usable) =
            usable(socket).map_err(|no| CannotSign { key: key.clone(), why: format!("{way_out} ({})", no.why) })?;
        match usable.into_iter().find(|other| other.key_data() == public.key_data()) {
            Some(public) => Ok(Self { socket, public }),
            None => Err(CannotSign { key, why: format!("{way_out} (the agent does not have this key)") }),
        }
    }
}

impl Signer for AgentKey {
    fn sign(&self, namespace: &str, payload: &[u8]) -> Result<String, CannotSign> {
        let odd = |error: ssh_key::Error| refused(format!("the agent's signature cannot be read ({error})"));
        let data = SshSig::signed_data(namespace, HashAlg::Sha512, payload).map_err(odd)?;
        let mut request = vec![SIGN_REQUEST];
        string(&mut request, &self.public.to_bytes().map_err(odd)?);
        string(&mut request, &data);
        request.extend_from_slice(&0_u32.to_be_bytes());
        let answer = ask(&self.socket, &request).map_err(|error| silent(&self.socket, &error))?;
        let mut rest = match answer.split_first() {
            Some((&SIGN_RESPONSE, rest)) => rest,
            _ => {
                return Err(refused(format!(
                    "the agent refuses to sign with {}: it is locked (`ssh-add -X`), lost the key (`ssh-add -l`), or its owner said no",
                    print(&self.public)
                )));
            }
        };
        let signature = take_string(&mut rest).ok_or_else(|| refused("the agent's answer is cut short".to_owned()))?;
        Signature::try_from(signature)
            .and_then(|signature| SshSig::new(self.public.key_data().clone(), namespace, HashAlg::Sha512, signature))
            .and_then(|signature| signature.to_pem(LineEnding::LF))
            .map_err(odd)
    }

    fn public(&self) -> &PublicKey {
        &self.public
    }
}

fn refused(why: String) -> CannotSign {
    CannotSign { key: "agent".to_owned(), why }
}

fn silent(socket: &Path, error: &io::Error) -> CannotSign {
    refused(format!("the agent at `{}` does not answer ({error}): `eval $(ssh-agent)`, then `ssh-add`", socket.display()))
}

fn print(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// The keys of the agent that can be used here.
fn usable(socket: Option<&Path>) -> Result<(PathBuf, Vec<PublicKey>), CannotSign> {
    let socket = socket.ok_or_else(|| {
        refused("there is no agent: `SSH_AUTH_SOCK` is not set; `eval $(ssh-agent)`, then `ssh-add`".to_owned())
    })?;
    let answer = ask(socket, &[REQUEST_IDENTITIES]).map_err(|error| silent(socket, &error))?;
    let keys = identities(&answer).ok_or_else(|| refused(format!("what listens at `{}` is no agent", socket.display())))?;
    if keys.is_empty() {
        return Err(refused("the agent has no key, or is locked: `ssh-add FILE`, or `ssh-add -X`".to_owned()));
    }
    let keys = keys.into_iter().filter_map(|blob| PublicKey::from_bytes(blob).ok()).filter(|key| is_usable(&key.algorithm()));
    Ok((socket.to_owned(), keys.collect()))
}

fn identities(answer: &[u8]) -> Option<Vec<&[u8]>> {
    let (&IDENTITIES_ANSWER, mut rest) = answer.split_first()? else { return None };
    let count = take_number(&mut rest)?;
    let mut keys = Vec::new();
    for _ in 0..count {
        keys.push(take_string(&mut rest)?);
        take_string(&mut rest)?;
    }
    Some(keys)
}

fn ask(socket: &Path, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let length = u32::try_from(request.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut message = length.to_be_bytes().to_vec();
    message.extend_from_slice(request);
    stream.write_all(&message)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "its answer is too long"));
    }
    let mut answer = vec![0; length as usize];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

fn string(message: &mut Vec<u8>, bytes: &[u8]) {
    // Keys and hashes; never near 4 GiB.
    message.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    message.extend_from_slice(bytes);
}

fn take_number(rest: &mut &[u8]) -> Option<u32> {
    let (number, more) = rest.split_first_chunk::<4>()?;
    *rest = more;
    Some(u32::from_be_bytes(*number))
}

fn take_string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take_number(rest)? as usize;
    let (string, more) = rest.split_at_checked(length)?;
    *rest = more;
    Some(string)
}
