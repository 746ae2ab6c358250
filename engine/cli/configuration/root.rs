//! Finding the root of the runbook repository.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::configuration::{Origin, Sourced, Surroundings};
use crate::failure::Failure;

pub(super) const FILE: &str = "runbook.toml";

/// The root, and its configuration file when there is one.
///
/// `named` (a flag or a variable) is taken as it is. Otherwise it is the nearest directory upwards with a `runbook.toml`,
/// or the working directory when there is none.
pub(super) fn find(
    surroundings: &Surroundings,
    named: Option<Sourced<&Path>>,
) -> Result<(Sourced<PathBuf>, Option<PathBuf>), Failure> {
    if let Some(Sourced { value, origin }) = named {
        let root = surroundings.cwd.join(value);
        let root = root
            .canonicalize()
            .ok()
            .filter(|root| root.is_dir())
            .ok_or_else(|| Failure::usage(format!("`{}` ({origin}) is no directory", root.display())))?;
        let file = Some(root.join(FILE)).filter(|file| file.symlink_metadata().is_ok());
        return Ok((Sourced::new(root, origin), file));
    }
    for directory in surroundings.cwd.ancestors() {
        let file = directory.join(FILE);
        // A link that leads nowhere is a file that cannot be read, and not none: what it should say would be passed over.
        let Ok(metadata) = fs::metadata(&file).or_else(|_| file.symlink_metadata()) else { continue };
        // What is found without being named must not come from somebody else: anyone can write to a `/tmp` above us.
        if metadata.uid() != surroundings.uid && metadata.uid() != 0 {
            let message = format!("`{}` belongs to another user (uid {}) and was not asked for", file.display(), metadata.uid());
            return Err(Failure::usage(message).hint(format!("to use it on purpose: --root {}", directory.display())));
        }
        return Ok((Sourced::new(directory.to_owned(), Origin::Directory), Some(file)));
    }
    Ok((Sourced::new(surroundings.cwd.clone(), Origin::Directory), None))
}
