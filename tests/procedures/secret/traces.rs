//! The search for values in whatever a run leaves behind, and in the command lines while it is at work. Knows nothing of how the engine hides them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::support::Place;

/// A value as it is, in hexadecimal, and in Base64 wherever it begins.
fn forms(value: &str) -> Vec<Vec<u8>> {
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![value.to_owned(), hex.to_uppercase(), hex];
    for before in 0..3 {
        let bytes = [vec![b'x'; before], value.as_bytes().to_vec()].concat();
        let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| (byte >> bit) & 1)).collect();
        let letters: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
        let whole: String =
            bits.chunks_exact(6).map(|six| letters[six.iter().fold(0, |sum, bit| sum * 2 + usize::from(*bit))]).collect();
        // Its first letters have something of what stands before.
        forms.push(whole[4..].to_owned());
    }
    forms.into_iter().map(String::into_bytes).collect()
}

/// What is looked for.
#[derive(Clone)]
pub(super) struct Traces(Vec<Vec<u8>>);

impl Traces {
    pub(super) fn of(values: &[&str]) -> Self {
        assert!(values.iter().all(|value| value.len() > 15), "too short to be told from noise");
        Self(values.iter().flat_map(|value| forms(value)).collect())
    }

    fn find(&self, bytes: &[u8]) -> Option<String> {
        let found = self.0.iter().find(|needle| bytes.windows(needle.len()).any(|window| window == needle.as_slice()));
        found.map(|needle| String::from_utf8_lossy(needle).into_owned())
    }

    #[track_caller]
    pub(super) fn none_in(&self, what: &str, bytes: &[u8]) {
        assert_eq!(self.find(bytes), None, "in {what}: {}", String::from_utf8_lossy(bytes));
    }

    /// None in any file of the state directory, nor in any object of the audit repository.
    #[track_caller]
    pub(super) fn none_left(&self, place: &Place) {
        let mut files = 0;
        self.walk(&place.state(), &mut files);
        let git = place.state().join("audit.git");
        let objects = Command::new("git").arg("--git-dir").arg(git).args(["cat-file", "--batch-all-objects", "--batch"]).output();
        let objects = objects.expect("git").stdout;
        assert!(files > 20 && objects.len() > 10_000, "{files} files and {} bytes were searched", objects.len());
        self.none_in("the objects of git", &objects);
    }

    #[track_caller]
    fn walk(&self, dir: &Path, files: &mut usize) {
        for path in fs::read_dir(dir).expect("a directory").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                self.walk(&path, files);
            } else if path.is_file() {
                *files += 1;
                self.none_in(&path.display().to_string(), &fs::read(&path).expect("a file"));
            }
        }
    }
}

/// Reads the command lines of all processes again and again until it is told to stop.
pub(super) struct Watch {
    over: Arc<AtomicBool>,
    thread: JoinHandle<(usize, Option<String>)>,
}

impl Watch {
    pub(super) fn begin(traces: &Traces) -> Self {
        let (over, traces) = (Arc::new(AtomicBool::new(false)), traces.clone());
        let stop = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let (mut looks, mut found) = (0, None);
            while !stop.load(Ordering::Relaxed) && found.is_none() {
                let lines = fs::read_dir("/proc").expect("Linux").flatten();
                found = lines.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok()).find_map(|line| traces.find(&line));
                looks += 1;
            }
            (looks, found)
        });
        Self { over, thread }
    }

    #[track_caller]
    pub(super) fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        let (looks, found) = self.thread.join().expect("it looks");
        assert_eq!(found, None, "in a command line");
        assert!(looks > 3, "only {looks} looks were taken");
    }
}

#[test]
fn what_is_looked_for_is_found() {
    let traces = Traces::of(&["canary-value-0123456789"]);
    // From base64(1): "a canary-value-0123456789 b", and hexadecimal.
    for text in
        ["x canary-value-0123456789", "YSBjYW5hcnktdmFsdWUtMDEyMzQ1Njc4OSBi", "63616e6172792d76616c75652d30313233343536373839"]
    {
        assert!(traces.find(text.as_bytes()).is_some(), "{text}");
    }
    assert!(traces.find(b"canary-value-012345678").is_none());
}
