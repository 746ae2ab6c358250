//! Planted values, and the search for them in everything that a run leaves behind. Knows nothing of how the engine hides them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::support::Place;

/// Planted values. Each holds what encodings change: quotes, blanks, letters beyond ASCII, signs of URLs.
pub(super) const ENV: &str = "cAn4ry-Env/9 \"q\" +ü7&x=Zz";
pub(super) const FILE: &str = "cAn4ry-File\\8'tick'%{€}<b>";
pub(super) const COMMAND: &str =
    "-----BEGIN CANARY KEY-----\ncAn4ryLineOneOfTheKeyXyZ0\ncAn4ryLineTwoOfTheKeyXyZ1\n-----END CANARY KEY-----";
pub(super) const AGE: &str =
    "cAn4ry-Age-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-long-enough-to-be-wrapped";
pub(super) const TOKEN: &str = "cAn4ry_ghp_PassedToken77";

/// All of them.
pub(super) const ALL: [&str; 5] = [ENV, FILE, COMMAND, AGE, TOKEN];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn percent(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    bytes.iter().map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Through a bit string, so that it shares nothing with the engine's.
pub(super) fn base64(bytes: &[u8], url: bool) -> String {
    let letters: Vec<char> =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(if url { ['-', '_'] } else { ['+', '/'] }).collect();
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let bits: Vec<char> = bits.chars().collect();
    let letter = |six: &[char]| {
        let six: String = six.iter().copied().chain("000000".chars()).take(6).collect();
        letters[usize::from_str_radix(&six, 2).expect("bits")]
    };
    bits.chunks(6).map(letter).collect()
}

/// The forms that a program may print, to be printed on purpose.
pub(super) fn forms(value: &str) -> Vec<String> {
    let bytes = value.as_bytes();
    let json = serde_json::to_string(value).expect("JSON");
    let mut forms =
        vec![value.to_owned(), json[1..json.len() - 1].to_owned(), hex(bytes), hex(bytes).to_uppercase(), percent(bytes)];
    for url in [false, true] {
        for before in ["", "x", "xy"] {
            let padded = base64(format!("{before}{value}: and more").as_bytes(), url);
            forms.push(padded);
        }
        forms.push(base64(bytes, url));
    }
    forms
}

/// What must be nowhere: the middle of each form, so that what is hidden by halves is found as well. Of Base64 as much as the
/// value alone decides.
fn needles() -> Vec<String> {
    let mut needles = Vec::new();
    for value in ALL {
        for line in value.lines().filter(|line| !line.starts_with("-----")) {
            let (bytes, half) = (line.as_bytes(), line.chars().count() / 2);
            let json = serde_json::to_string(line).expect("JSON");
            let cut = |text: String| {
                let letters: Vec<char> = text.chars().collect();
                let (first, second) = letters.split_at(letters.len() / 2);
                [first.iter().collect::<String>(), second.iter().collect()]
            };
            needles.extend([line.chars().take(half).collect(), line.chars().skip(half).collect()]);
            needles.extend(cut(json[1..json.len() - 1].to_owned()));
            needles.extend(cut(hex(bytes)));
            needles.extend(cut(hex(bytes).to_uppercase()));
            needles.extend(cut(percent(bytes)));
            for url in [false, true] {
                for before in 0..3 {
                    let whole = base64(&[&vec![b'x'; before][..], bytes].concat(), url);
                    let inner: String = whole.chars().skip(4).take(whole.len().saturating_sub(8)).collect();
                    needles.extend(cut(inner));
                }
            }
        }
    }
    needles.sort();
    needles.dedup();
    assert!(needles.iter().all(|needle| needle.len() >= 6), "{needles:?}");
    needles
}

/// Looks for planted values in bytes.
pub(super) struct Search {
    automaton: Vec<(Vec<u8>, String)>,
}

impl Search {
    pub(super) fn new() -> Self {
        Self { automaton: needles().into_iter().map(|needle| (needle.clone().into_bytes(), needle)).collect() }
    }

    pub(super) fn find(&self, bytes: &[u8]) -> Option<&str> {
        let found = self.automaton.iter().find(|(needle, _)| bytes.windows(needle.len()).any(|window| window == needle));
        found.map(|(_, needle)| needle.as_str())
    }

    #[track_caller]
    pub(super) fn clean(&self, what: &str, bytes: &[u8]) {
        if let Some(needle) = self.find(bytes) {
            panic!("`{needle}` stands in {what}:\n{}", String::from_utf8_lossy(bytes));
        }
    }

    /// Every file of the state directory, and every object of the audit repository, unpacked: at least so many bytes of those.
    pub(super) fn clean_place(&self, place: &Place, least: usize) {
        let mut files = 0;
        self.walk(&place.state(), &mut files);
        assert!(files > 20, "only {files} files were searched");
        let objects = Command::new("git")
            .arg("--git-dir")
            .arg(place.state().join("audit.git"))
            .args(["cat-file", "--batch-all-objects", "--batch", "--unordered"])
            .output()
            .expect("git");
        let unpacked = objects.stdout.len();
        assert!(objects.status.success() && unpacked >= least, "only {unpacked} bytes of objects were searched");
        self.clean("the objects of git", &objects.stdout);
    }

    fn walk(&self, dir: &Path, files: &mut usize) {
        for entry in fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            self.clean("the name of a file", path.as_os_str().as_encoded_bytes());
            if path.is_dir() {
                self.walk(&path, files);
            } else if path.is_file() {
                *files += 1;
                self.clean(&path.display().to_string(), &fs::read(&path).expect("a file"));
            }
        }
    }
}

/// Reads the command lines of all processes again and again until it is dropped.
pub(super) struct Watch {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<(usize, Option<String>)>>,
}

impl Watch {
    pub(super) fn begin() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let (search, mut looks) = (Search::new(), 0);
            while !seen.load(Ordering::Relaxed) {
                for entry in fs::read_dir("/proc").expect("Linux").flatten() {
                    let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                    if let Some(needle) = search.find(&line) {
                        return (looks, Some(format!("`{needle}` in {}", String::from_utf8_lossy(&line))));
                    }
                }
                looks += 1;
            }
            (looks, None)
        });
        Self { over, thread: Some(thread) }
    }

    #[track_caller]
    pub(super) fn end(mut self) {
        self.over.store(true, Ordering::Relaxed);
        let (looks, found) = self.thread.take().expect("once").join().expect("it looks");
        assert_eq!(found, None);
        assert!(looks > 3, "only {looks} looks were taken");
    }
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let search = Search::new();
    for value in ALL {
        for form in forms(value) {
            assert!(search.find(format!("noise {form} noise").as_bytes()).is_some(), "{form}");
        }
    }
    assert!(search.find(&b"noise cAn4ry noise".repeat(40)).is_none());
}
