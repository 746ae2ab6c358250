//! A directory as git stores it, read and changed entry by entry.
//!
//! libgit2's builder asks the whole repository for every entry that is put in, and looks through all packs once more for
//! every object that it does not find: for a new one, that is always.

use git2::Oid;

/// An entry of a directory. Other kinds (links, modules) are kept as they are and never made.
const FILE: &[u8] = b"100644";
const DIRECTORY: &[u8] = b"40000";

/// A directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Directory {
    /// In git's order: by name, that of a directory as if it ended with a slash.
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    mode: Vec<u8>,
    name: Vec<u8>,
    id: Oid,
}

impl Entry {
    fn is_directory(&self) -> bool {
        self.mode == DIRECTORY
    }

    fn order(&self) -> impl Iterator<Item = u8> {
        self.name.iter().copied().chain(self.is_directory().then_some(b'/'))
    }
}

impl Directory {
    /// Reads the bytes of a tree; `None` when they are none.
    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut entries = Vec::new();
        while !bytes.is_empty() {
            let space = bytes.iter().position(|byte| *byte == b' ')?;
            let (mode, rest) = (bytes[..space].to_vec(), &bytes[space + 1..]);
            let zero = rest.iter().position(|byte| *byte == 0)?;
            let (name, rest) = (rest[..zero].to_vec(), &rest[zero + 1..]);
            let id = Oid::from_bytes(rest.get(..20)?).ok()?;
            entries.push(Entry { mode, name, id });
            bytes = &rest[20..];
        }
        Some(Self { entries })
    }

    /// The bytes of the tree.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.entries.len() * 64);
        for entry in &self.entries {
            bytes.extend_from_slice(&entry.mode);
            bytes.push(b' ');
            bytes.extend_from_slice(&entry.name);
            bytes.push(0);
            bytes.extend_from_slice(entry.id.as_bytes());
        }
        bytes
    }

    /// What has this name, and is a directory.
    pub(super) fn directory(&self, name: &str) -> Option<Oid> {
        self.named(name).filter(|entry| entry.is_directory()).map(|entry| entry.id)
    }

    /// Whether anything has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.named(name).is_some()
    }

    /// Puts a file in, in the place of whatever has its name.
    pub(super) fn put_file(&mut self, name: &str, id: Oid) {
        self.put(FILE, name, id);
    }

    /// Puts a directory in, in the place of whatever has its name.
    pub(super) fn put_directory(&mut self, name: &str, id: Oid) {
        self.put(DIRECTORY, name, id);
    }

    fn named(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name.as_bytes())
    }

    fn put(&mut self, mode: &[u8], name: &str, id: Oid) {
        self.entries.retain(|entry| entry.name != name.as_bytes());
        let new = Entry { mode: mode.to_vec(), name: name.as_bytes().to_vec(), id };
        let at = self.entries.partition_point(|entry| entry.order().lt(new.order()));
        self.entries.insert(at, new);
    }
}

#[cfg(test)]
mod tests {
    use git2::{FileMode, ObjectType, Repository};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The same as libgit2 makes of it, whatever is put in, and whatever was there.
        #[test]
        fn a_directory_is_what_libgit2_makes(names in proptest::collection::vec(("[a-c.-]{1,3}", any::<bool>()), 1..30)) {
            let place = tempfile::tempdir().unwrap();
            let git = Repository::init_bare(place.path()).unwrap();
            let file = git.blob(b"x").unwrap();
            let below = git.treebuilder(None).unwrap().write().unwrap();
            let (mut theirs, mut ours) = (git.treebuilder(None).unwrap(), Directory::default());
            for (name, directory) in names.iter().filter(|(name, _)| name != "." && name != "..") {
                if *directory {
                    theirs.insert(name, below, FileMode::Tree.into()).unwrap();
                    ours.put_directory(name, below);
                } else {
                    theirs.insert(name, file, FileMode::Blob.into()).unwrap();
                    ours.put_file(name, file);
                }
                prop_assert!(ours.has(name) && ours.directory(name).is_some() == *directory);
            }
            let theirs = theirs.write().unwrap();
            prop_assert_eq!(Oid::hash_object(ObjectType::Tree, &ours.bytes()).unwrap(), theirs);
            let odb = git.odb().unwrap();
            prop_assert_eq!(Directory::read(odb.read(theirs).unwrap().data()), Some(ours));
        }

        #[test]
        fn hostile_bytes_are_refused_or_read_as_they_are(bytes in proptest::collection::vec(prop_oneof![Just(b' '), Just(0), any::<u8>()], 0..80)) {
            if let Some(read) = Directory::read(&bytes) {
                prop_assert_eq!(read.bytes(), bytes);
            }
        }
    }
}
