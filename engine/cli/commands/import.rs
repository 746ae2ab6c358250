//! `runbook import`: a Markdown runbook becomes the skeleton of one that can be run.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use runbook_model::parameter::nearest;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::importing::{Imported, import};
use crate::operator::Operator;
use crate::output;
use crate::output::safe;
use crate::place::Place;
use crate::writing::{Sketch, name_of};

/// A text that is longer than this is no runbook.
const LONGEST: u64 = 2 << 20;

/// Turn a Markdown runbook into a skeleton that can be run
///
/// Headings become phases, blocks of shell become commands, checkboxes and prose become confirms, placeholders become parameters.
/// Each command stands behind a confirm. What could not be turned is said, with its line. Nothing is run.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// The Markdown file; `-` reads standard input
    #[arg(value_name = "FILE.md")]
    pub file: PathBuf,
    /// The name of the runbook; otherwise that of the file
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The team that answers for it; otherwise you
    #[arg(long, value_name = "TEAM")]
    pub owner: Option<String>,
    /// Print the runbook to standard output, and write nothing
    #[arg(long)]
    pub print: bool,
    /// Write over files that are there
    #[arg(long, conflicts_with = "print")]
    pub force: bool,
}

/// Turns it, and says what needs a look.
///
/// # Errors
/// The file cannot be read, or the runbook is there already; nothing was written.
pub fn run(wanted: &Import, place: &Place) -> Result<ExitCode, Failure> {
    let text = read(&wanted.file)?;
    let source = match wanted.file.file_name() {
        Some(name) if wanted.file != Path::new("-") => name.to_string_lossy().into_owned(),
        _ => "standard input".to_owned(),
    };
    let name = match &wanted.name {
        Some(name) => name.clone(),
        None => name_of(wanted.file.file_stem().map(|stem| stem.to_string_lossy()).as_deref().unwrap_or_default()),
    };
    let owner = wanted.owner.clone().unwrap_or_else(|| Operator::here().person.name);
    let imported = import(&text, &source, &name, &owner);
    if imported.counts == [0; 3] {
        let message = format!("`{source}` says nothing that is to be done; nothing was written");
        return Err(Failure::usage(message).detail(
            "In Markdown, a heading with text below it becomes a phase, a block of shell becomes commands, a box to tick becomes a question.",
        ));
    }
    let sketch = Sketch { name, runbook: imported.runbook.clone(), tests: imported.tests.clone() };
    let declared = sketch.judged(place, "cut the document into smaller ones")?;
    if wanted.print {
        output::to_stdout(&imported.runbook)?;
    } else {
        let files = sketch.write(place, wanted.force)?;
        for file in files {
            output::to_stderr(&format!("wrote {}\n", file.display()));
        }
    }
    output::to_stderr(&told(&imported, &source));
    if !wanted.print {
        output::to_stderr(&sketch.next(&declared));
    }
    Ok(ExitCode::Completed)
}

fn read(file: &Path) -> Result<String, Failure> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Failure::usage(format!("there is no file `{}`", file.display()))
            .meant(beside(file))
            .hint("runbook import FILE.md, or runbook import - for what comes on standard input"),
        _ => Failure::usage(format!("cannot read `{}`: {error}", file.display())),
    };
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let open = fs::File::open(file).map_err(unreadable)?;
        open.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if bytes.len() as u64 > LONGEST {
        let message = format!("`{}` is longer than {} MiB: that is no runbook", file.display(), LONGEST >> 20);
        return Err(Failure::usage(message).hint("cut it into the procedures that it holds"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        let is_utf16 = [[0xff, 0xfe], [0xfe, 0xff]].iter().any(|mark| error.as_bytes().starts_with(mark));
        let encoding = if is_utf16 { "UTF-16" } else { "ENCODING" };
        Failure::usage(format!("`{}` is not UTF-8: line {line}, byte {at}", file.display()))
            .hint(format!("iconv -f {encoding} -t UTF-8 turns it: iconv … | runbook import - --name NAME"))
    })
}

/// The Markdown file whose name is nearest to that of one that is not there.
fn beside(file: &Path) -> Option<String> {
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty());
    let entries = fs::read_dir(directory.unwrap_or(Path::new("."))).ok()?.flatten();
    // The stems are compared: all have the same end.
    let stem = |name: String| name.strip_suffix(".md").map(str::to_owned);
    let stems: Vec<_> = entries.filter_map(|entry| stem(entry.file_name().into_string().ok()?)).collect();
    let near = format!("{}.md", nearest(file.file_stem()?.to_str()?, stems.iter().map(String::as_str))?);
    Some(directory.map_or(near.clone(), |directory| directory.join(near).display().to_string()))
}

fn told(imported: &Imported, source: &str) -> String {
    let [phases, commands, questions] = imported.counts;
    let counted = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    let mut text = format!(
        "{}, {}, {}, {}\n",
        counted(phases, "phase"),
        counted(commands, "command"),
        counted(questions, "question"),
        counted(imported.parameters.len(), "parameter")
    );
    if !imported.parameters.is_empty() {
        let names: Vec<_> = imported.parameters.keys().map(String::as_str).collect();
        text.push_str(&format!("parameters: {}\n", names.join(", ")));
    }
    if !imported.notes.is_empty() {
        text.push_str("needs a look:\n");
        for (line, note) in &imported.notes {
            text.push_str(&format!("  {}:{line}: {}\n", safe::line(source), safe::line(note)));
        }
    }
    text
}
