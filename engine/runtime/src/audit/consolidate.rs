//! Keeps the number of packs small. Each seal writes a pack; a look-up asks every pack.

use std::fs;
use std::path::{Path, PathBuf};

use git2::Oid;

use super::archive::Archive;
use super::lock::WriterLock;

/// How many packs may gather.
const PACKS: usize = 50;

/// Merges small packs when many have gathered; the lock is held, so no writer loses a pack under its feet.
///
/// It is housekeeping: a failure leaves all packs as they were and is tried again with the next seal.
pub(super) fn when_due(archive: &Archive, _held: &WriterLock) {
    match packs(archive.path()) {
        Ok(packs) if packs.len() > PACKS => {
            if let Err(error) = merge(archive, packs) {
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

/// Lists the packs, smallest first, and removes what a writer that died left of one: its temporary files, and an index
/// whose pack never came (libgit2 puts the index into place before the pack).
fn packs(repository: &Path) -> std::io::Result<Vec<Pack>> {
    let mut packs = Vec::new();
    for entry in fs::read_dir(repository.join("objects/pack"))? {
        let file = entry?.path();
        let temporary = file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("pack_git2_"));
        let pack = file.with_extension("pack");
        if temporary {
            fs::remove_file(&file)?;
        } else if file.extension().is_some_and(|extension| extension == "idx") {
            match fs::metadata(&pack) {
                Ok(_) if file.with_extension("keep").exists() => {}
                Ok(found) => packs.push((found.len(), file)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => fs::remove_file(&file)?,
                Err(error) => return Err(error),
            }
        }
    }
    packs.sort();
    Ok(packs)
}

/// Merges the smallest packs, up to the first one that is bigger than all before it together. So an object is copied a
/// few times in its life (the logarithm of the number of runs) and not once for every 50 seals.
fn merge(archive: &Archive, packs: Vec<Pack>) -> Result<(), git2::Error> {
    let io = |error: std::io::Error| git2::Error::from_str(&error.to_string());
    let mut total = 0;
    let small: Vec<_> = packs
        .into_iter()
        .enumerate()
        .take_while(|(at, (size, _))| {
            let fits = *at < PACKS / 2 || *size <= total;
            total += size;
            fits
        })
        .map(|(_, (_, index))| index)
        .collect();
    let repository = archive.repository()?;
    let mut pack = repository.packbuilder()?;
    pack.set_threads(1);
    for index in &small {
        for id in objects(&fs::read(index).map_err(io)?)? {
            pack.insert_object(id, None)?;
        }
    }
    let directory = archive.path().join("objects/pack");
    pack.write(&directory, 0)?;
    let name = pack.name()?.map(|name| format!("pack-{name}.idx"));
    // The new pack is durable; only now may the old ones go. A crash in between leaves objects twice, which harms nobody.
    for index in small {
        if index.file_name().and_then(|file| file.to_str()) != name.as_deref() {
            // Index first: a pack without index is not seen, an index without its pack is an error to every reader.
            fs::remove_file(&index).and_then(|()| fs::remove_file(index.with_extension("pack"))).map_err(io)?;
        }
    }
    Ok(())
}

/// The ids in an index file of version 2: magic and version (8 bytes), 256 counts of 4 bytes, then 20 bytes an id.
fn objects(index: &[u8]) -> Result<Vec<Oid>, git2::Error> {
    let odd = || git2::Error::from_str("the index of a pack has an unknown format");
    let ids = index.strip_prefix(b"\xfftOc\0\0\0\x02").ok_or_else(odd)?;
    let count = ids.get(255 * 4..256 * 4).and_then(|count| count.try_into().ok()).map(u32::from_be_bytes).ok_or_else(odd)?;
    let count = usize::try_from(count).map_err(|_| odd())?;
    ids.get(256 * 4..256 * 4 + count * 20).ok_or_else(odd)?.chunks_exact(20).map(Oid::from_bytes).collect()
}
