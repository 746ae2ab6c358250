//! Secrets on their way through the workshop: into a change as it is made, and out of everything that comes back.
//!
//! The rooms for files, programs and requests know nothing of secrets. They get changes with the values in place
//! ([`Filled`]); what they found goes into the change with its marks, which is the one that is written down.

use runbook_model::change::{Change, FileBefore, FileRestore, FileWrite, HttpCall, Invocation};
use runbook_model::digest::Digest;
use runbook_model::excerpt::Bytes;
use runbook_model::failure::Failure;

use super::{Site, command, file, http};
use crate::secret::filled::{self, Filled, Wipe as _};
use crate::secret::{Vault, known};
use crate::world::{Performed, Recovered};

/// Looks at what a change is about to meet, with its secrets fetched: the change as the journal may have it. Blocks.
pub(super) fn prepare(site: &Site, vault: &Vault, change: &Change) -> Result<Change, Box<Failure>> {
    let refuse = |why: String| Box::new(refusal(change, why));
    let values = vault.fetched(change.secrets()).map_err(|error| refuse(error.to_string()))?;
    guard(change).map_err(refuse)?;
    let mut prepared = match change {
        // Its program and its directory are elsewhere: whoever reaches the host looks for them.
        Change::Run(run) if run.on.is_some() => change.clone(),
        Change::Run(run) => {
            let filled = filled::invocation(run, &values).map_err(|error| refuse(error.to_string()))?;
            let mut found = command::prepare(site, &filled)?;
            found.wipe();
            Change::Run(Invocation { argv: found.argv, cwd: found.cwd, ..run.clone() })
        }
        Change::Write(write) => {
            let opened = FileWrite { before: opened_before(vault, write.before.as_ref()).map_err(refuse)?, ..write.clone() };
            let filled = filled::write(&opened, &values).map_err(|error| refuse(error.to_string()))?;
            let mut found = file::prepare_write(site, &filled)?;
            let (path, before) = (found.path.clone(), found.before.take());
            found.wipe();
            closed(vault, write, path, before, &filled).map(Change::Write).map_err(refuse)?
        }
        Change::Restore(restore) => {
            let opened = open_restore(vault, restore).map_err(refuse)?;
            let found = file::prepare_restore(site, &opened)?;
            Change::Restore(FileRestore { path: found.path, ..restore.clone() })
        }
        Change::Http(call) => {
            let filled = filled::http(call, &values).map_err(|error| refuse(error.to_string()))?;
            let mut found = http::prepare(site, &filled)?;
            let ca = found.ca.take();
            found.wipe();
            Change::Http(HttpCall { ca, ..call.clone() })
        }
    };
    for used in prepared.secrets_mut() {
        let key = vault.key().map_err(|error| refuse(error.to_string()))?;
        used.print = values.get(&used.name).map(|value| key.print(&used.name, value.reveal()));
        used.changed = false;
    }
    Ok(prepared)
}

/// A program as it is started. Blocks.
pub(super) fn open_run(vault: &Vault, run: &Invocation) -> Result<Filled<Invocation>, String> {
    let values = vault.values(&run.secrets).map_err(|error| error.to_string())?;
    filled::invocation(run, &values).map_err(|error| error.to_string())
}

/// A request as it is sent. Blocks.
pub(super) fn open_http(vault: &Vault, call: &HttpCall) -> Result<Filled<HttpCall>, String> {
    let values = vault.values(&call.secrets).map_err(|error| error.to_string())?;
    filled::http(call, &values).map_err(|error| error.to_string())
}

/// A file as it is written. Blocks.
pub(super) fn open_write(vault: &Vault, write: &FileWrite) -> Result<Filled<FileWrite>, String> {
    let values = vault.values(&write.secrets).map_err(|error| error.to_string())?;
    let opened = FileWrite { before: opened_before(vault, write.before.as_ref())?, ..write.clone() };
    filled::write(&opened, &values).map_err(|error| error.to_string())
}

/// A file as it is put back. Blocks.
pub(super) fn open_restore(vault: &Vault, restore: &FileRestore) -> Result<FileRestore, String> {
    let before = opened_before(vault, Some(&restore.before))?.unwrap_or(FileBefore::Absent);
    let written = match &restore.written_sealed {
        Some(sealed) => {
            let digest = vault.key().and_then(|key| key.open(sealed)).map_err(|error| error.to_string())?;
            let digest = String::from_utf8_lossy(&digest).parse::<Digest>();
            digest.map_err(|error| format!("the digest of what was written: {error}"))?
        }
        None => restore.written,
    };
    Ok(FileRestore { path: restore.path.clone(), before, written, written_sealed: None })
}

/// What a change that could not even be tried says.
pub(super) fn refusal(change: &Change, message: String) -> Failure {
    match change {
        Change::Run(run) => Failure::NotStarted { program: run.argv.first().cloned().unwrap_or_default(), message },
        Change::Write(write) => Failure::File { path: write.path.clone(), message },
        Change::Restore(restore) => Failure::File { path: restore.path.clone(), message },
        Change::Http(call) => Failure::NoResponse { url: call.url.clone(), message, maybe_sent: false },
    }
}

/// What came of a change, with marks in the place of secrets.
pub(super) fn veiled(performed: Performed) -> Performed {
    match performed {
        Performed::Done(answer) => Performed::Done(known::redacted(answer)),
        Performed::Failed(failure) => Performed::Failed(known::redacted(failure)),
        Performed::InDoubt { known } => Performed::InDoubt { known: known::veiled(&known).into_owned() },
        // A path of ours and a number.
        Performed::Unwritten(unwritten) => Performed::Unwritten(unwritten),
        Performed::Withheld => Performed::Withheld,
    }
}

/// What became of a change, with marks in the place of secrets.
pub(super) fn veiled_found(recovered: Recovered) -> Recovered {
    match recovered {
        Recovered::Ended(performed) => Recovered::Ended(veiled(performed)),
        Recovered::NeverBegun { evidence } => Recovered::NeverBegun { evidence: known::veiled(&evidence).into_owned() },
        Recovered::InDoubt { known } => Recovered::InDoubt { known: known::veiled(&known).into_owned() },
        Recovered::Unasked { why, may_live } => Recovered::Unasked { why: known::veiled(&why).into_owned(), may_live },
    }
}

/// Refuses a change that would carry a secret in the open: in an argument, where every user of the machine can read it, or in
/// any other text that is written down.
fn guard(change: &Change) -> Result<(), String> {
    let patterns = known::patterns();
    match filled::open_texts(change).into_iter().find_map(|text| patterns.in_text(text)) {
        Some(mark) => Err(format!(
            "the value of {mark} stands in it as text, and would be written down: pass it as `secret(\"…\")` in `env`, \
             `env_files` or `stdin`, in `headers`, `json` or `body`, or in the `content` of a file"
        )),
        None => Ok(()),
    }
}

/// The write as the journal has it: what stood there is sealed when it was, or becomes, a file with secrets.
fn closed(
    vault: &Vault,
    write: &FileWrite,
    path: String,
    before: Option<FileBefore>,
    filled: &FileWrite,
) -> Result<FileWrite, String> {
    let secret = !write.secrets.is_empty();
    let before = match before {
        Some(FileBefore::Present { mode, content, .. }) if secret || known::patterns().veiled(&content.0).is_some() => {
            let content = vault.key().and_then(|key| key.seal(&content.0)).map_err(|error| error.to_string())?;
            Some(FileBefore::Sealed { mode, content })
        }
        before => before,
    };
    let digest = secret.then(|| Digest::of(filled.content.as_bytes()).to_string());
    let written = digest.map(|digest| vault.key().and_then(|key| key.seal(digest.as_bytes()))).transpose();
    Ok(FileWrite { path, before, written: written.map_err(|error| error.to_string())?, ..write.clone() })
}

fn opened_before(vault: &Vault, before: Option<&FileBefore>) -> Result<Option<FileBefore>, String> {
    let Some(FileBefore::Sealed { mode, content }) = before else { return Ok(before.cloned()) };
    let content = vault.key().and_then(|key| key.open(content)).map_err(|error| error.to_string())?;
    Ok(Some(FileBefore::Present { digest: Digest::of(&content), mode: *mode, content: Bytes(content.to_vec()) }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use runbook_model::secret::{Place, SecretUse, mark};

    use super::*;
    use crate::secret::{Source, Sources};

    const OLD: &str = "live-secrets-old-value";
    const NEW: &str = "live-secrets-new-value";

    fn vault(dir: &Path) -> Vault {
        let env = vec![("LIVE_SECRET".into(), NEW.into())];
        let sources = Sources::new([("live/x".to_owned(), Source::Env { variable: "LIVE_SECRET".to_owned() })].into());
        Vault::new(sources, dir, env, dir.join("secret.key"))
    }

    fn site(dir: &Path) -> Site {
        Site::new("01J0000000000000000000000A".parse().unwrap(), dir)
    }

    fn used(place: Place, at: usize) -> SecretUse {
        SecretUse { name: "live/x".to_owned(), place, at, print: None, changed: false }
    }

    fn write(path: &Path) -> FileWrite {
        let secrets = vec![used(Place::Content, 9)];
        let content = format!("password={}\n", mark("live/x"));
        FileWrite { path: path.display().to_string(), content, mode: Some(0o600), secrets, ..FileWrite::default() }
    }

    #[test]
    fn a_file_of_secrets_is_written_recovered_and_put_back_and_the_journal_has_neither_value() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, site, path) = (vault(dir.path()), site(dir.path()), dir.path().join("app.conf"));
        std::fs::write(&path, format!("password={OLD}\n")).unwrap();
        let prepared = prepare(&site, &vault, &Change::Write(write(&path))).unwrap();
        let json = serde_json::to_string(&prepared).unwrap();
        assert!(!json.contains(OLD) && !json.contains(NEW) && json.contains("‹secret live/x›"), "{json}");
        let plain = Digest::of(format!("password={NEW}\n").as_bytes()).to_string();
        assert!(!json.contains(&plain), "a plain digest could be guessed by");
        let Change::Write(prepared) = prepared else { panic!("another kind") };
        let opened = open_write(&vault, &prepared).unwrap();
        assert!(matches!(file::recover_write(&opened, "t"), Recovered::NeverBegun { .. }));
        assert!(matches!(file::perform_write(&opened, "t"), Performed::Done(_)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("password={NEW}\n"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(file::recover_write(&opened, "t"), Recovered::Ended(Performed::Done(_))));

        // A later process, which has nothing but the journal and the key beside it.
        let (restore, later) = (
            FileRestore {
                path: prepared.path.clone(),
                before: prepared.before.clone().unwrap(),
                written: Digest::ZERO,
                written_sealed: prepared.written,
            },
            Vault::new(Sources::default(), dir.path(), Vec::new(), dir.path().join("secret.key")),
        );
        let restore = prepare(&site, &later, &Change::Restore(restore)).unwrap();
        let Change::Restore(restore) = restore else { panic!("another kind") };
        assert!(!serde_json::to_string(&restore).unwrap().contains(OLD));
        let opened = open_restore(&later, &restore).unwrap();
        assert!(matches!(file::perform_restore(&opened, "t"), Performed::Done(_)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("password={OLD}\n"));
        assert!(open_restore(&Vault::empty(), &restore).unwrap_err().contains("another key"));
    }

    #[test]
    fn a_second_attempt_keeps_what_the_first_one_found() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, site, path) = (vault(dir.path()), site(dir.path()), dir.path().join("app.conf"));
        std::fs::write(&path, OLD).unwrap();
        let Change::Write(first) = prepare(&site, &vault, &Change::Write(write(&path))).unwrap() else { panic!("kind") };
        assert!(matches!(file::perform_write(&open_write(&vault, &first).unwrap(), "t"), Performed::Done(_)));
        let Change::Write(second) = prepare(&site, &vault, &Change::Write(first)).unwrap() else { panic!("kind") };
        let opened = open_write(&vault, &second).unwrap();
        assert!(matches!(&opened.before, Some(FileBefore::Present { content, .. }) if content.as_str() == Some(OLD)));
    }

    #[test]
    fn a_value_in_an_open_text_is_refused_and_not_repeated() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, site) = (vault(dir.path()), site(dir.path()));
        let argv = vec!["true".to_owned(), format!("--password={NEW}")];
        let secrets = vec![used(Place::Stdin, 0)];
        let run = Invocation { argv, stdin: Some(mark("live/x")), secrets, ..Invocation::default() };
        let line = prepare(&site, &vault, &Change::Run(run)).unwrap_err().line();
        assert!(line.contains("‹secret live/x› stands in it as text") && !line.contains(NEW), "{line}");
    }

    #[test]
    fn the_print_tells_a_changed_value() {
        let dir = tempfile::tempdir().unwrap();
        let site = site(dir.path());
        let run = Invocation {
            argv: vec!["true".to_owned()],
            stdin: Some(mark("live/x")),
            secrets: vec![used(Place::Stdin, 0)],
            ..Invocation::default()
        };
        let print = |value: &str| {
            let env = vec![("LIVE_SECRET".into(), value.into())];
            let sources = Sources::new([("live/x".to_owned(), Source::Env { variable: "LIVE_SECRET".to_owned() })].into());
            let vault = Vault::new(sources, dir.path(), env, dir.path().join("secret.key"));
            prepare(&site, &vault, &Change::Run(run.clone())).unwrap().secrets()[0].print.unwrap()
        };
        assert_eq!(print("live-print-value-1"), print("live-print-value-1"));
        assert_ne!(print("live-print-value-1"), print("live-print-value-2"));
    }
}
