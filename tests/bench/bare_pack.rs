//! The floor of the audit trail: one run's files committed as one durable pack, and nothing else.

use std::path::Path;
use std::process::ExitCode;

use git2::{Repository, Signature};

/// Plays the floor: `COUNT` commits into a bare repository at `DIR`.
pub(crate) fn play(words: &[&str]) -> ExitCode {
    let played = match words {
        [count, dir] => commits(count.parse().unwrap_or(1), Path::new(dir)).map_err(|error| error.to_string()),
        _ => Err("bare-pack COUNT DIR".to_owned()),
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::output::tell(&format!("bare-pack: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn commits(count: usize, dir: &Path) -> Result<(), Box<dyn std::error::Error>> {
    Repository::init_bare(dir)?;
    let mut parent = None;
    for run in 0..count {
        // A handle of its own for each, as each run is another process.
        let repository = Repository::open_bare(dir)?;
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
        let parents: Vec<_> = parent.map(|id| repository.find_commit(id)).transpose()?.into_iter().collect();
        let parents: Vec<_> = parents.iter().collect();
        let commit = repository.commit(None, &who, &who, "a run", &repository.find_tree(tree)?, &parents)?;
        ids.push(commit);
        let mut pack = repository.packbuilder()?;
        for id in ids {
            pack.insert_object(id, None)?;
        }
        let place = dir.join("objects/pack");
        pack.write(&place, 0)?;
        flushed(&place)?;
        memory.reset()?;
        repository.reference("refs/heads/main", commit, true, "")?;
        flushed(&dir.join("refs/heads"))?;
        parent = Some(commit);
    }
    Ok(())
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
