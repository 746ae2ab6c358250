//! Several packs put together as one. What was told as a difference, or is of a large pack, is copied as it stands;
//! packs that a seal has just written are told as differences where they are alike.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::compression::Decompressor;
use super::entry::{self, Kind};
use super::likeness::Likeness;
use super::source::{Entry, Source};
use super::writer::Writer;
use crate::audit::unwritten::Unwritten;

/// Larger packs are copied as they stand, and so are larger objects.
const SMALL: u64 = 1 << 20;
/// Smaller objects are not worth a difference.
const TINY: u64 = 128;

/// Writes all objects of these packs (named by their indexes) as one pack, durably, and gives its name. The old packs are
/// as they were: that they go is up to the caller.
///
/// # Errors
/// A pack cannot be read or is damaged, or the new one cannot be written: then nothing was added.
pub(in crate::audit) fn merge(directory: &Path, indexes: &[PathBuf]) -> Result<String, Unwritten> {
    let mut sources = indexes.iter().map(|index| Source::open(index)).collect::<Result<Vec<_>, _>>()?;
    sources.sort_by_key(|source| Reverse(source.modified));
    let all: HashSet<_> = sources.iter().flat_map(Source::ids).collect();
    let mut merging = Merging {
        writer: Writer::begin(directory, all.len())?,
        missing: all,
        trees: Likeness::default(),
        blobs: Likeness::default(),
        decompressor: Decompressor::new(),
    };
    for source in &sources {
        if source.length > SMALL {
            source.each(|entry| merging.copied(&entry))?;
            continue;
        }
        let mut entries = Vec::new();
        source.each(|entry| {
            entries.push(entry);
            Ok(())
        })?;
        // Where there is a difference already, this was done before: doing it again would only lengthen the way of a reader.
        let fresh = entries.iter().all(|entry| !matches!(entry.kind, Kind::DeltaOf(_)));
        for entry in entries {
            if fresh { merging.likened(&entry)? } else { merging.copied(&entry)? }
        }
    }
    merging.writer.finish()
}

struct Merging {
    writer: Writer,
    /// What is not yet in the new pack. The first copy of an object counts. What it is a difference to is in its own pack,
    /// and so in the new one: from there, or from a pack before. So no two of them can be differences to each other.
    missing: HashSet<git2::Oid>,
    trees: Likeness,
    blobs: Likeness,
    decompressor: Decompressor,
}

impl Merging {
    /// Takes an entry over as it stands.
    fn copied(&mut self, entry: &Entry) -> Result<(), Unwritten> {
        if !self.missing.remove(&entry.id) {
            return Ok(());
        }
        self.writer.entry(entry.id, &entry::header(entry.kind, entry.size), [entry.content()])
    }

    /// Takes an object over, as a difference where there is one like it.
    fn likened(&mut self, entry: &Entry) -> Result<(), Unwritten> {
        let likeness = match entry.kind {
            Kind::Tree => &mut self.trees,
            Kind::Blob => &mut self.blobs,
            _ => return self.copied(entry),
        };
        if !(TINY..=SMALL).contains(&entry.size) || !self.missing.contains(&entry.id) {
            return self.copied(entry);
        }
        let size = usize::try_from(entry.size).unwrap_or(usize::MAX);
        let likened = self.decompressor.expanded(entry.content(), size).and_then(|content| likeness.of(entry.id, content));
        match likened {
            Some((base, delta)) => {
                self.missing.remove(&entry.id);
                self.writer.object(entry.id, Kind::DeltaOf(base), &delta)
            }
            None => self.copied(entry),
        }
    }
}
