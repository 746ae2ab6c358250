//! The name that git gives to a file, made while the bytes pass: nobody has to hold them all.
//!
//! What is named so is named again, byte by byte, by libgit2 and by `git fsck` whenever somebody verifies the trail; both refuse bytes
//! that were made to collide.

use git2::Oid;
use sha1::{Digest as _, Sha1};

/// The name of a file of a known length, so far.
pub(super) struct BlobId {
    digest: Sha1,
    left: u64,
}

impl BlobId {
    /// Begins a file of `size` bytes.
    pub(super) fn of_size(size: u64) -> Self {
        let mut digest = Sha1::new();
        digest.update(format!("blob {size}\0").as_bytes());
        Self { digest, left: size }
    }

    /// Takes in the next bytes; those behind the end of the file do not count.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        let counts = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        self.digest.update(&bytes[..counts]);
        self.left -= counts as u64;
    }

    /// The name; `None` when bytes are missing.
    pub(super) fn finish(self) -> Option<Oid> {
        if self.left > 0 {
            return None;
        }
        Oid::from_bytes(&self.digest.finalize()).ok()
    }
}

#[cfg(test)]
mod tests {
    use git2::ObjectType;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_name_that_git_gives(bytes in any::<Vec<u8>>(), cuts in proptest::collection::vec(0_usize..64, 0..8), tail in 0_usize..9) {
            let file = &bytes[..bytes.len().saturating_sub(tail)];
            let (mut id, mut rest) = (BlobId::of_size(file.len() as u64), bytes.as_slice());
            for cut in cuts {
                let (piece, behind) = rest.split_at(cut.min(rest.len()));
                id.update(piece);
                rest = behind;
            }
            id.update(rest);
            prop_assert_eq!(id.finish(), Some(Oid::hash_object(ObjectType::Blob, file).unwrap()));
            let mut short = BlobId::of_size(bytes.len() as u64 + 1);
            short.update(&bytes);
            prop_assert_eq!(short.finish(), None);
        }
    }
}
