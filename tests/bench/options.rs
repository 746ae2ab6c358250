//! What was asked for on the command line.

use std::path::PathBuf;

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Whether `cargo bench` called.
    pub(crate) bench: bool,
    /// How often each contestant has its turn.
    pub(crate) rounds: usize,
    /// Small and quick: shows that everything runs.
    pub(crate) smoke: bool,
    /// Whether the table is written as Markdown.
    pub(crate) markdown: bool,
    /// Whether nothing is measured, and the order of the program is written.
    pub(crate) order: bool,
    /// The program that is measured, when it is not the one that was built along.
    pub(crate) program: Option<PathBuf>,
    /// The targets that are wanted; all when empty.
    only: Vec<String>,
}

impl Options {
    /// Reads the words; `None`, and a complaint, when one means nothing.
    pub(crate) fn read(words: &[&str]) -> Option<Self> {
        let mut options =
            Self { bench: false, rounds: 5, smoke: false, markdown: false, order: false, program: None, only: Vec::new() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--bench" => options.bench = true,
                "--smoke" => (options.smoke, options.rounds) = (true, 1),
                "--program" => match words.next() {
                    Some(program) => options.program = Some(PathBuf::from(program)),
                    None => return complain("--program wants the path of one"),
                },
                "--order" => options.order = true,
                "--markdown" => options.markdown = true,
                "--rounds" => match words.next().and_then(|count| count.parse().ok()) {
                    Some(count) => options.rounds = count,
                    None => return complain("--rounds wants a number"),
                },
                target if target.starts_with('T') => options.only.push(target.to_owned()),
                other => return complain(&format!("`{other}` means nothing here")),
            }
        }
        Some(options)
    }

    /// Whether one of these targets is wanted.
    pub(crate) fn wants(&self, targets: &[&str]) -> bool {
        self.only.is_empty() || targets.iter().any(|target| self.only.iter().any(|only| only == target))
    }

    /// Whether this target was asked for by name.
    pub(crate) fn names(&self, target: &str) -> bool {
        self.only.iter().any(|only| only == target)
    }

    /// A count, or a small one in a smoke test.
    pub(crate) fn sized(&self, count: usize, smoke: usize) -> usize {
        if self.smoke { smoke } else { count }
    }
}

fn complain(message: &str) -> Option<Options> {
    crate::output::tell(&format!("costs: {message}"));
    None
}
