//! The floor of the audit trail: one run's files committed as one durable pack, and nothing else.

use std::error::Error;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository, Signature};

/// A bare repository that takes one run after the other.
pub(crate) struct Floor {
    dir: PathBuf,
    runs: usize,
    parent: Option<Oid>,
}

impl Floor {
    pub(crate) fn begun(dir: &Path) -> Result<Self, git2::Error> {
        Repository::init_bare(dir)?;
        Ok(Self { dir: dir.to_owned(), runs: 0, parent: None })
    }

    pub(crate) fn commit(&mut self) -> Result<(), Box<dyn Error>> {
        let run = self.runs;
        // A handle of its own for each, as each run is another process.
        let repository = Repository::open_bare(&self.dir)?;
        let odb = repository.odb()?;
        let memory = odb.add_new_mempack_backend(1000)?;
        let journal: String = (0..16).map(|line| format!("{{\"run\":{run},\"seq\":{line},{:?}:1}}\n", "x".repeat(220))).collect();
        let blobs = [("journal.jsonl", journal), ("run.json", format!("{{\"run\":{run}}}\n"))];
        let mut ids = Vec::new();
        let mut tree = repository.treebuilder(None)?;
        for (name, text) in &blobs {
            let id = repository.blob(text.as_bytes())?;
            tree.insert(name, id, 0o100_644)?;
            ids.push(id);
        }
        let tree = tree.write()?;
        ids.push(tree);
        let who = Signature::now("floor", "floor@localhost")?;
        let parents: Vec<_> = self.parent.map(|id| repository.find_commit(id)).transpose()?.into_iter().collect();
        let parents: Vec<_> = parents.iter().collect();
        let commit = repository.commit(None, &who, &who, "a run", &repository.find_tree(tree)?, &parents)?;
        ids.push(commit);
        let mut pack = repository.packbuilder()?;
        for id in ids {
            pack.insert_object(id, None)?;
        }
        let place = self.dir.join("objects/pack");
        pack.write(&place, 0)?;
        flushed(&place)?;
        memory.reset()?;
        repository.reference("refs/heads/main", commit, true, "")?;
        flushed(&self.dir.join("refs/heads"))?;
        (self.parent, self.runs) = (Some(commit), run + 1);
        Ok(())
    }
}

/// Flushes a directory and every file in it that is not older than a moment: what a durable commit cannot do without.
fn flushed(dir: &Path) -> std::io::Result<()> {
    let fresh = std::time::SystemTime::now() - std::time::Duration::from_millis(50);
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.metadata()?.modified()? >= fresh {
            std::fs::File::open(entry.path())?.sync_all()?;
        }
    }
    std::fs::File::open(dir)?.sync_all()
}
