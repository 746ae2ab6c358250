//! A page of the documentation: its code blocks, headings and links.

use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
pub(super) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A Markdown page.
pub(super) struct Page {
    /// Relative to the repository.
    pub(super) name: String,
    pub(super) text: String,
}

/// A fenced block of code.
pub(super) struct Block<'a> {
    /// The line of its first line of code, from 1.
    pub(super) line: usize,
    /// What stands behind the fence: `rhai`, `console,ignore`.
    words: &'a str,
    pub(super) text: String,
    /// The last line of prose before it.
    pub(super) caption: &'a str,
}

impl Block<'_> {
    /// Whether it is of this language and says all and none of these words.
    pub(super) fn is(&self, language: &str, without: &str) -> bool {
        let mut words = self.words.split(',');
        words.next() == Some(language) && words.all(|word| word != without)
    }

    pub(super) fn says(&self, word: &str) -> bool {
        self.words.split(',').any(|said| said == word)
    }
}

impl Page {
    /// The README, the change log and the book.
    pub(super) fn all() -> Vec<Self> {
        let mut paths =
            vec![repository().join("README.md"), repository().join("CHANGELOG.md"), repository().join("stdlib/README.md")];
        collect(&repository().join("docs/src"), &mut paths);
        paths.sort();
        paths.iter().map(|path| Self::at(path)).collect()
    }

    pub(super) fn at(path: &Path) -> Self {
        let name = path.strip_prefix(repository()).expect("a page of the repository").display().to_string();
        Self { name, text: fs::read_to_string(path).expect("a page") }
    }

    pub(super) fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks: Vec<Block<'_>> = Vec::new();
        let mut inside = false;
        let mut caption = "";
        // A page that is shown on a page: what it holds is not for us.
        let mut page = false;
        for (at, line) in self.text.lines().enumerate() {
            page ^= line.starts_with("~~~");
            if page {
                continue;
            }
            match line.strip_prefix("```") {
                Some(_) if inside => inside = false,
                Some(words) => {
                    inside = true;
                    blocks.push(Block { line: at + 2, words, text: String::new(), caption });
                }
                None if inside => {
                    let block = blocks.last_mut().expect("a block is open");
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                None if line.trim().is_empty() => {}
                None => caption = line,
            }
        }
        assert!(!inside, "{}: the last code block is not closed", self.name);
        blocks
    }

    /// Its lines outside of code blocks, with their numbers; code inside a line is blanked out.
    pub(super) fn prose(&self) -> Vec<(usize, String)> {
        let mut inside = false;
        let mut prose = Vec::new();
        for (at, line) in self.text.lines().enumerate() {
            if line.starts_with("```") {
                inside = !inside;
            } else if !inside {
                prose.push((at + 1, without_code(line)));
            }
        }
        prose
    }

    /// The anchors of its headings, as mdbook and GitHub make them.
    pub(super) fn anchors(&self) -> Vec<String> {
        let mut inside = false;
        let mut anchors = Vec::new();
        for line in self.text.lines() {
            inside ^= line.starts_with("```");
            let heading = line.trim_start_matches('#');
            if !inside && heading.len() < line.len() && heading.starts_with(' ') {
                let kept = heading.trim().to_lowercase().replace(' ', "-");
                anchors.push(kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect());
            }
        }
        anchors
    }

    /// What its links point at, with their lines.
    pub(super) fn links(&self) -> Vec<(usize, String)> {
        let mut links = Vec::new();
        for (line, text) in self.prose() {
            for rest in text.split("](").skip(1) {
                if let Some((target, _)) = rest.split_once(')') {
                    links.push((line, target.to_owned()));
                }
            }
        }
        links
    }
}

fn collect(dir: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}
