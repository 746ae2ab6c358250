//! Packs of ours, read by libgit2 and by the real `git`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use git2::{ObjectType, Oid, Repository};
use proptest::prelude::*;

use super::entry::{self, Header, Said};
use super::{Kind, Writer, delta, index, merge};

fn blob(content: &[u8]) -> Oid {
    Oid::hash_object(ObjectType::Blob, content).unwrap()
}

fn repository() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    Repository::init_bare(place.path()).unwrap();
    let packs = place.path().join("objects/pack");
    (place, packs)
}

/// A pack of these files. Gives its index.
fn packed(packs: &Path, files: &[&[u8]]) -> PathBuf {
    let mut writer = Writer::begin(packs, files.len()).unwrap();
    files.iter().for_each(|file| writer.object(blob(file), Kind::Blob, file).unwrap());
    packs.join(writer.finish().unwrap()).with_extension("idx")
}

fn fsck(place: &Path) {
    let out = Command::new("git").args(["fsck", "--strict", "--full", "--no-dangling"]).current_dir(place).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

fn files(packs: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(packs).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

proptest! {
    #[test]
    fn a_header_is_read_as_it_was_written(size in any::<u64>(), number in 0_u8..5, base in any::<[u8; 20]>(), tail in any::<[u8; 3]>()) {
        let kind = [Kind::Commit, Kind::Tree, Kind::Blob, Kind::Tag, Kind::DeltaOf(Oid::from_bytes(&base).unwrap())][usize::from(number)];
        let mut bytes = entry::header(kind, size);
        let length = bytes.len();
        bytes.extend(tail);
        prop_assert_eq!(entry::read(&bytes), Some(Header { kind: Said::Kind(kind), size, length }));
        prop_assert_eq!(entry::read(&bytes[..length - 1]), None);
    }

    #[test]
    fn hostile_bytes_are_no_header_or_a_short_one(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Some(header) = entry::read(&bytes) {
            prop_assert!(header.length <= bytes.len());
        }
        prop_assert!(index::read(&bytes).is_none());
    }

    #[test]
    fn an_index_with_one_byte_changed_is_refused(at in 0_usize..1_092, with in 1_u8..) {
        let row = index::Row { id: blob(b"x"), crc: 7, offset: 12 };
        let mut bytes = index::written(&[row], &[9; 20]);
        prop_assert_eq!(bytes.len(), 1_100);
        prop_assert_eq!(index::read(&bytes), Some(vec![row]));
        bytes[at] ^= with;
        prop_assert_eq!(index::read(&bytes), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// libgit2 makes the same out of a difference, whatever was put into the middle of whatever length.
    #[test]
    fn a_difference_makes_the_object(
        start in 0_usize..200_000, middle in proptest::collection::vec(any::<u8>(), 0..400), end in 0_usize..70_000, cut in 0_usize..300,
    ) {
        let (place, packs) = repository();
        let bytes = |seed: usize, length: usize| (0..length).map(move |at| ((at * 31 + seed) % 251) as u8);
        let base: Vec<u8> = bytes(1, start).chain(bytes(3, cut)).chain(bytes(2, end)).chain([0]).collect();
        let target: Vec<u8> = bytes(1, start).chain(middle).chain(bytes(2, end)).chain([0]).collect();
        prop_assume!(base != target);
        let mut writer = Writer::begin(&packs, 2).unwrap();
        writer.object(blob(&base), Kind::Blob, &base).unwrap();
        writer.object(blob(&target), Kind::DeltaOf(blob(&base)), &delta::delta(&base, &target)).unwrap();
        writer.finish().unwrap();
        let git = Repository::open_bare(place.path()).unwrap();
        let made = git.find_blob(blob(&target)).unwrap();
        prop_assert_eq!(made.content(), target.as_slice());
    }
}

#[test]
fn packs_are_put_together_with_every_object_once() {
    let (place, packs) = repository();
    let long: Vec<Vec<u8>> = (0..60).map(|n: usize| (0..(200 + n) * 40).map(|at| (at * 7 % 253) as u8).collect()).collect();
    let large: Vec<u8> = (0..3_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let indexes: Vec<_> =
        long.iter().map(|file| packed(&packs, &[file, b"in all of them"])).chain([packed(&packs, &[&large, b""])]).collect();
    let apart: u64 = indexes.iter().map(|index| fs::metadata(index.with_extension("pack")).unwrap().len()).sum();
    let name = merge(&packs, &indexes).unwrap();
    let merged = packs.join(name).with_extension("idx");
    for index in &indexes {
        fs::remove_file(index).unwrap();
        fs::remove_file(index.with_extension("pack")).unwrap();
    }
    fsck(place.path());
    let git = Repository::open_bare(place.path()).unwrap();
    for file in long.iter().chain([&large, &b"in all of them".to_vec(), &Vec::new()]) {
        assert_eq!(git.find_blob(blob(file)).unwrap().content(), file.as_slice());
    }
    assert_eq!(index::read(&fs::read(&merged).unwrap()).unwrap().len(), 63);
    let size = fs::metadata(merged.with_extension("pack")).unwrap().len();
    assert!(size < apart - 59 * 150, "alike, and told as differences: {size} of {apart} bytes");
    // Put together once more, with the pack that holds them: what is a difference stays one.
    let again = merge(&packs, &[merged, packed(&packs, &[b"new", &long[7]])]).unwrap();
    assert_eq!(index::read(&fs::read(packs.join(again).with_extension("idx")).unwrap()).unwrap().len(), 64);
    fsck(place.path());
    assert_eq!(files(&packs).iter().filter(|name| name.starts_with("tmp")).count(), 0);
}

/// git names the base of a difference by how far before it stands.
#[test]
fn a_pack_that_git_wrote_is_taken_in() {
    let (place, packs) = repository();
    let git = Repository::open_bare(place.path()).unwrap();
    let long: Vec<Vec<u8>> = (0..40).map(|n: usize| (0..(200 + n) * 40).map(|at| (at * 7 % 253) as u8).collect()).collect();
    let mut tree = git.treebuilder(None).unwrap();
    for (n, file) in long.iter().enumerate() {
        tree.insert(format!("file-{n}"), git.blob(file).unwrap(), 0o100_644).unwrap();
    }
    let tree = git.find_tree(tree.write().unwrap()).unwrap();
    let who = git2::Signature::now("x", "x@x").unwrap();
    git.commit(Some("refs/heads/main"), &who, &who, "all", &tree, &[]).unwrap();
    let ran = Command::new("git").args(["repack", "-adq"]).current_dir(place.path()).status().unwrap();
    assert!(ran.success());
    let theirs = packs.join(files(&packs).into_iter().find(|name| name.ends_with(".idx")).unwrap());
    let ours = merge(&packs, &[packed(&packs, &[b"ours"]), theirs.clone()]).unwrap();
    for extension in ["idx", "pack"] {
        fs::remove_file(theirs.with_extension(extension)).unwrap();
    }
    fsck(place.path());
    let verified =
        Command::new("git").args(["verify-pack", "-v", &format!("objects/pack/{ours}.idx")]).current_dir(place.path()).output();
    let verified = String::from_utf8(verified.unwrap().stdout).unwrap();
    assert!(verified.contains("chain length"), "there were differences: {verified}");
    let fresh = Repository::open_bare(place.path()).unwrap();
    long.iter().for_each(|file| assert_eq!(fresh.find_blob(blob(file)).unwrap().content(), file.as_slice()));
}

#[test]
fn a_damaged_pack_is_not_taken_in_and_nothing_is_left_behind() {
    let (_place, packs) = repository();
    let (sound, damaged) = (packed(&packs, &[b"sound"]), packed(&packs, &[b"damaged, and long enough to be struck"]));
    let pack = damaged.with_extension("pack");
    let mut bytes = fs::read(&pack).unwrap();
    bytes[20] ^= 0x10;
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, bytes).unwrap();
    let before = files(&packs);
    let refused = merge(&packs, &[sound.clone(), damaged.clone()]).unwrap_err().to_string();
    assert!(refused.contains("is damaged"), "{refused}");
    assert_eq!(files(&packs), before);
    fs::remove_file(&pack).unwrap();
    assert!(merge(&packs, &[sound, damaged]).unwrap_err().to_string().contains("No such file"));
}
