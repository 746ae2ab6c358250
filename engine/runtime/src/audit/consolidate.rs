//! Keeps the number of packs small. Each seal writes a pack; a look-up asks every pack.
//!
//! Packs are put together as `git repack --geometric` does: the small ones, up to the first that is more than twice as
//! large as all of them. So an object is copied a few times in its life (the logarithm of the number of runs), and packs
//! of [`LARGE`] bytes not at all, so that no seal ever takes longer than it takes to copy two of those.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::archive::Archive;
use super::lock::WriterLock;
use super::pack;
use super::unwritten::Unwritten;

/// How many packs may gather.
const PACKS: usize = 25;
/// Packs of this many bytes are left as they are: some thousand runs.
const LARGE: u64 = 16 << 20;
/// Who has one of these files beside a pack wants it to stay, or knows more about it than we do.
const KEPT: [&str; 3] = ["keep", "promisor", "mtimes"];
/// What `git gc` puts beside a pack, and is of no use without it.
const BESIDE: [&str; 2] = ["bitmap", "rev"];

/// Merges small packs when many have gathered; the lock is held, so no writer loses a pack under its feet.
///
/// It is housekeeping: a failure leaves all packs as they were and is tried again with the next seal.
pub(super) fn when_due(archive: &Archive, _held: &WriterLock) {
    let directory = archive.path().join("objects/pack");
    match packs(&directory) {
        Ok(packs) if packs.len() > PACKS => {
            if let Err(error) = merge(&directory, packs) {
                tracing::warn!(%error, archive = %archive.path().display(), "packs of the audit repository were not merged");
            }
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(%error, archive = %archive.path().display(), "packs of the audit repository cannot be listed");
        }
    }
}

/// A pack by its index file, and the size of the pack.
type Pack = (u64, PathBuf);

/// Lists the packs that may be merged, smallest first, and removes what a writer that died left of one: its temporary
/// files, a pack that never got its index, and an index whose pack is gone (it is put into place, and removed, as the last).
fn packs(directory: &Path) -> io::Result<Vec<Pack>> {
    let mut packs = Vec::new();
    for entry in fs::read_dir(directory)? {
        let file = entry?.path();
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".keep") {
            pack::Kept::tidied(&file)?;
        } else if name.starts_with(pack::TEMPORARY) || name.starts_with("pack_git2_") {
            fs::remove_file(&file)?;
        } else if file.extension().is_some_and(|extension| extension == "idx") {
            match fs::metadata(file.with_extension("pack")) {
                Ok(_) if KEPT.iter().any(|kept| file.with_extension(kept).exists()) => {}
                Ok(found) if found.len() >= LARGE => {}
                Ok(found) => packs.push((found.len(), file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => fs::remove_file(&file)?,
                Err(error) => return Err(error),
            }
        }
    }
    packs.sort();
    Ok(packs)
}

/// The smallest packs, up to the first one that is more than twice as large as all before it together.
fn small(packs: Vec<Pack>) -> Vec<PathBuf> {
    let mut total = 0;
    let taken = packs.into_iter().enumerate().take_while(|(at, (size, _))| {
        let fits = *at < PACKS / 2 || *size <= 2 * total;
        total += size;
        fits
    });
    taken.map(|(_, (_, index))| index).collect()
}

fn merge(directory: &Path, packs: Vec<Pack>) -> Result<(), Unwritten> {
    let small = small(packs);
    let name = pack::merge(directory, &small)?;
    // The new pack is durable; only now may the old ones go. A crash in between leaves objects twice, which harms nobody.
    // An index over several packs (`git maintenance`) would name packs that are gone.
    removed(&directory.join("multi-pack-index"))?;
    for index in small.iter().filter(|index| index.file_stem().and_then(|stem| stem.to_str()) != Some(&name)) {
        // The index last: without its pack it is passed over by every reader, and removed by the next of us. The other way
        // round a pack could be left that nobody can tell from one that a `git gc` is about to complete.
        for extension in BESIDE.iter().chain(&["pack", "idx"]) {
            removed(&index.with_extension(extension))?;
        }
    }
    Ok(())
}

/// Removes a file that need not be there.
fn removed(file: &Path) -> Result<(), Unwritten> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Unwritten::at(file)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_stays_is_more_than_twice_what_goes(mut sizes in proptest::collection::vec(1_u64..5_000_000, 26..60)) {
            sizes.sort_unstable();
            let packs: Vec<Pack> = sizes.iter().map(|size| (*size, PathBuf::from(size.to_string()))).collect();
            let taken = small(packs).len();
            let total: u64 = sizes[..taken].iter().sum();
            prop_assert!(taken >= PACKS / 2);
            if let Some(next) = sizes.get(taken) {
                prop_assert!(*next > 2 * total);
            }
        }
    }

    #[test]
    fn an_object_is_copied_as_often_as_the_number_of_seals_has_halves() {
        // Seals of one size: how many bytes are ever copied for each of them?
        let (mut packs, mut copied, seals) = (Vec::new(), 0, 100_000_u64);
        for seal in 0..seals {
            packs.push((1, PathBuf::from(seal.to_string())));
            if packs.len() > PACKS {
                packs.sort();
                let gone = small(packs.clone()).len();
                let total: u64 = packs.drain(..gone).map(|(size, _)| size).sum();
                copied += total;
                packs.push((total, PathBuf::from(format!("merged {seal}"))));
            }
        }
        assert!(copied / seals <= 12, "{copied} for {seals}");
    }
}
