//! The runbooks of a repository, found and read.

use std::path::PathBuf;

use include_dir::{Dir, include_dir};
use runbook_model::declaration::Declaration;
use runbook_runtime::script::testing::TestFile;
use runbook_runtime::script::{Diagnostics, Program, Repository, at_depth};

use crate::catalogue::Catalogue;
use crate::configuration::{Configuration, Surroundings};
use crate::failure::Failure;
use crate::output::style::Palette;

/// The modules that come with the engine. They are embedded by this package: a crate below it could not be packaged.
static STANDARD: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/stdlib");

/// The runbooks of a repository.
#[derive(Debug, Clone)]
pub struct Library {
    repository: Repository,
    catalogue: Catalogue,
    cwd: PathBuf,
}

/// A runbook by its name, with its file relative to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
}

impl Title {
    /// The tests of a runbook: `NAME.test.rhai` beside it.
    #[must_use]
    pub fn tests(&self) -> Self {
        let stem = self.file.strip_suffix(".rhai").unwrap_or(&self.file);
        Self { name: format!("{}.test", self.name), file: format!("{stem}.test.rhai") }
    }
}

impl Library {
    /// Looks for runbooks where the configuration says.
    #[must_use]
    pub fn open(configuration: &Configuration, surroundings: &Surroundings) -> Self {
        let root = configuration.root.value.clone();
        let catalogue = Catalogue::find(&root, &configuration.runbooks.value);
        Self { repository: Repository { root, std: standard }, catalogue, cwd: surroundings.cwd.clone() }
    }

    /// Every runbook, in the order of their names.
    #[must_use]
    pub fn titles(&self) -> Vec<Title> {
        self.catalogue.iter().map(|(name, file)| Title { name: name.to_owned(), file: file.to_owned() }).collect()
    }

    /// Every runbook, or those that are named.
    ///
    /// # Errors
    /// One of them is not there. Nor may there be none at all: in the wrong directory nothing would be wrong with any.
    pub fn chosen(&self, named: &[String]) -> Result<Vec<Title>, Failure> {
        match named {
            [] if self.catalogue.iter().next().is_none() => {
                let failure = Failure::usage(format!("there is no runbook in `{}`", self.repository.root.display()));
                Err(failure.hint("runbook config         where they are looked for").hint("runbook new NAME       write one"))
            }
            [] => Ok(self.titles()),
            named => named.iter().map(|name| self.find(name)).collect(),
        }
    }

    /// The runbook of a name or of a path.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, given: &str) -> Result<Title, Failure> {
        // Whoever names the tests of a runbook means the runbook.
        let runbook = given.strip_suffix(".test.rhai").map(|stem| format!("{stem}.rhai"));
        let given = runbook.as_deref().unwrap_or(given);
        let (name, file) = self.catalogue.resolve(&self.repository.root, &self.cwd, given)?;
        Ok(Title { name, file })
    }

    /// Reads a runbook with its modules, and what it says about itself. Nothing is run.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(&self, title: &Title) -> Result<(Program, Declaration), Diagnostics> {
        at_depth(|| {
            let program = Program::load(&self.repository, &title.file)?;
            let declaration = program.describe()?;
            Ok((program, declaration))
        })
    }

    /// Reads the tests of a runbook; `None` when there are none. No test is performed.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn tests(&self, title: &Title) -> Result<Option<TestFile>, Diagnostics> {
        TestFile::load(&self.repository, &title.tests().file)
    }
}

/// A module that comes with the engine.
fn standard(name: &str) -> Option<&'static str> {
    STANDARD.get_file(name.strip_prefix("std/")?)?.contents_utf8()
}

/// A runbook that cannot be read, as a failure of the command that needed it.
#[must_use]
pub fn broken(title: &Title, diagnostics: &Diagnostics, palette: Palette) -> Failure {
    let failure = Failure::usage(format!("the runbook `{}` has mistakes; nothing was run", title.name));
    let failure = failure.detail(diagnostics.render(palette.is_coloured()));
    match diagnostics.all.first() {
        Some(first) => failure.hint(format!("runbook explain {}", first.code.id())),
        None => failure,
    }
}
