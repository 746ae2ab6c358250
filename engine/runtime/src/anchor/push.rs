//! One push: trail, run and lease together, or nothing.

use std::time::Duration;

use git2::{Oid, Repository};
use runbook_model::id::RunId;

use super::git::complaint;
use super::memory::{anchored, lease, offered, target};
use super::refusal::NotAnchored;
use super::remote::{Remote, branch};
use crate::audit::lineage::descends;

/// So often a push is tried that others are ahead of.
const ATTEMPTS: u32 = 4;

/// The pause between two attempts, and more of it after each.
const APART: Duration = Duration::from_millis(30);

/// What a push brought to the remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pushed {
    /// How many branches moved.
    pub branches: usize,
    /// How many runs were left alone, because another machine has them.
    pub elsewhere: usize,
}

/// What was pushed, and which references are known to be where at the remote then.
type Known = (Pushed, Vec<(String, Oid)>);

/// What came of one push.
enum Tried {
    Pushed(Known),
    /// Nothing of it was taken, for a reason that may be gone the next time, and this was said.
    InTheWay(String),
}

/// The lease of a run, which moves with its branches or holds them back.
struct Guard {
    run: RunId,
    /// Which one has to be there.
    option: String,
    /// Which one comes into its place.
    refspec: String,
}

impl Remote {
    /// Pushes a run and this machine's trail, with a new lease that says whether the run is held. `name` is who holds it.
    ///
    /// # Errors
    /// [`NotAnchored::Fenced`] when another machine took the lease; [`NotAnchored::Diverged`] when the remote holds another
    /// history; [`NotAnchored::Unreachable`] for everything that may be better later.
    pub fn push_run(&self, run: RunId, name: &str, held: bool) -> Result<Pushed, NotAnchored> {
        let _pushing = tracing::debug_span!("push", %run, name).entered();
        let git = self.repository()?;
        let mut expected = target(&git, &lease(run))?;
        for _ in 0..ATTEMPTS {
            let fenced = match self.replaced(&git, run, expected, name, held) {
                Err(fenced @ NotAnchored::Fenced { .. }) => fenced,
                done => return done,
            };
            expected = self.pointed(&lease(run))?;
            match expected {
                // Ours, from a push that we never heard of again, or of another process.
                Some(there) if self.adopted(&git, run, there)? => {}
                Some(_) => return Err(fenced),
                // Another remote than before, or one that was made anew: nobody has the run there.
                None => {}
            }
        }
        Err(self.crowded())
    }

    /// Pushes with a new lease in the place of the expected one.
    fn replaced(&self, git: &Repository, run: RunId, lease: Option<Oid>, name: &str, held: bool) -> Result<Pushed, NotAnchored> {
        let reference = self::lease(run);
        let expected = lease.map(|id| id.to_string()).unwrap_or_default();
        let note = self.offer(git, run, lease, name, held)?;
        let mut moves = vec![("refs/heads/main".to_owned(), self.trail(git)?)];
        if target(git, &branch(run))?.is_some() {
            moves.push((branch(run), branch(run)));
        }
        let (option, refspec) = (format!("--force-with-lease={reference}:{expected}"), format!("{note}:{reference}"));
        let (pushed, mut known) = self.push(git, &moves, Some(&Guard { run, option, refspec }))?;
        known.push((reference, note));
        self.remember(git, &known)?;
        Ok(pushed)
    }

    /// Pushes what the remote lacks of every run and of this machine's trail. Runs for which `busy` is true are left to the
    /// process that works on them.
    ///
    /// # Errors
    /// As [`Remote::push_run`], but for runs that another machine has: those are its business, and are only counted.
    pub fn push_all(&self, name: &str, busy: &dyn Fn(RunId) -> bool) -> Result<Pushed, NotAnchored> {
        let git = self.repository()?;
        let trail = self.trail(&git)?;
        // Our trail was pushed and is not there: this is another remote than before, of which nothing is known.
        let other = target(&git, &anchored("refs/heads/main"))?.is_some() && self.pointed(&trail)?.is_none();
        let (mut fresh, mut leased) = (vec![("refs/heads/main".to_owned(), trail)], Vec::new());
        for reference in git.references_glob("refs/heads/runs/*")? {
            let reference = reference?;
            let Ok(branch) = reference.name() else { continue };
            let Some(run) = branch.strip_prefix("refs/heads/runs/").and_then(|id| id.parse().ok()) else { continue };
            if !other && reference.target() == target(&git, &anchored(branch))? || busy(run) {
                continue;
            }
            match target(&git, &lease(run))?.or(target(&git, &offered(run))?) {
                Some(_) => leased.push(run),
                // It was never there, so nobody else can have it.
                None => fresh.push((branch.to_owned(), branch.to_owned())),
            }
        }
        let mut all = Pushed::default();
        // The kernel's limit of a command line is far away from this many names.
        for some in fresh.chunks(500) {
            let (pushed, known) = self.push(&git, some, None)?;
            self.remember(&git, &known)?;
            all.branches += pushed.branches;
        }
        for run in leased {
            // Somebody may have gone on with it while the others were pushed.
            if busy(run) {
                continue;
            }
            // We know it from looking, not from having it: in its place, a lease of ours would take the run from who has it.
            if !other && self.is_held_elsewhere(&git, run)? {
                all.elsewhere += 1;
                continue;
            }
            match self.push_run(run, name, false) {
                Ok(pushed) => all.branches += pushed.branches,
                Err(NotAnchored::Fenced { .. }) => all.elsewhere += 1,
                Err(other) => return Err(other),
            }
        }
        Ok(all)
    }

    /// How many branches are not at the anchor as they are here.
    ///
    /// # Errors
    /// [`NotAnchored::Archive`]
    pub fn lag(&self) -> Result<usize, NotAnchored> {
        let git = self.repository()?;
        let mut behind = 0;
        for reference in git.references_glob("refs/heads/*")? {
            let reference = reference?;
            if let Ok(name) = reference.name() {
                behind += usize::from(reference.target() != target(&git, &anchored(name))?);
            }
        }
        Ok(behind)
    }

    /// Pushes these branches, and says what is known to be at the remote then.
    fn push(&self, git: &Repository, moves: &[(String, String)], guard: Option<&Guard>) -> Result<Known, NotAnchored> {
        let mut complaint = None;
        for attempt in 1..=ATTEMPTS {
            match self.push_once(git, moves, guard) {
                // Another process of this machine pushed a newer tip of the same trail between our look and our push.
                Err(NotAnchored::Diverged { branch, .. }) if self.is_overtaken(git, moves, &branch)? => complaint = None,
                Ok(Tried::InTheWay(why)) => complaint = Some(why),
                Ok(Tried::Pushed(done)) => return Ok(done),
                Err(why) => return Err(why),
            }
            if attempt < ATTEMPTS {
                // Two that met would meet again.
                std::thread::sleep(APART * attempt + Duration::from_millis(u64::from(std::process::id() % 32)));
            }
        }
        Err(complaint.map_or_else(|| self.crowded(), |why| self.unreachable(format!("tried {ATTEMPTS} times: {why}"))))
    }

    fn crowded(&self) -> NotAnchored {
        self.unreachable("other processes of this machine push there all the time".to_owned())
    }

    /// Whether what is at the remote of a branch is a part of what is here.
    fn is_overtaken(&self, git: &Repository, moves: &[(String, String)], branch: &str) -> Result<bool, NotAnchored> {
        let Some((from, _)) = moves.iter().find(|(_, to)| to == branch) else { return Ok(false) };
        let (Some(there), Some(here)) = (self.pointed(branch)?, target(git, from)?) else { return Ok(false) };
        Ok(git.odb()?.exists(there) && descends(git, here, there)?)
    }

    /// One push.
    fn push_once(&self, git: &Repository, moves: &[(String, String)], guard: Option<&Guard>) -> Result<Tried, NotAnchored> {
        // What is pushed is what was looked at: the archivist may go on meanwhile.
        let tips: Vec<_> = moves.iter().map(|(from, _)| target(git, from)).collect::<Result<_, _>>()?;
        let specs: Vec<_> = moves.iter().zip(&tips).filter_map(|((_, to), tip)| Some(format!("{}:{to}", (*tip)?))).collect();
        let mut arguments = vec!["push", "--porcelain", "--atomic", "--no-verify"];
        arguments.extend(guard.map(|guard| guard.option.as_str()));
        arguments.extend(["--", &self.url]);
        arguments.extend(specs.iter().map(String::as_str));
        arguments.extend(guard.map(|guard| guard.refspec.as_str()));
        let done = self.git(&arguments)?;
        let lines: Vec<_> = done.out.lines().filter_map(line).collect();
        let rejected = |why: &str| lines.iter().find(|line| line.flag == '!' && line.summary.contains(why));
        if rejected("stale info").is_some()
            && let Some(guard) = guard
        {
            return Err(NotAnchored::Fenced { run: guard.run, by: None });
        }
        for why in ["non-fast-forward", "fetch first", "needs force", "already exists"] {
            if let Some(line) = rejected(why) {
                let repository = self.archive.display().to_string();
                return Err(NotAnchored::Diverged { url: self.shown(), branch: line.to.to_owned(), repository });
            }
        }
        if !done.success {
            // What was only taken along says nothing about the cause.
            let along = |line: &&Line<'_>| line.summary.contains("(atomic ");
            let mut refused = lines.iter().filter(|line| line.flag == '!').peekable();
            let some = refused.peek().is_some();
            return match refused.find(|line| !along(line)) {
                Some(line) => Err(self.unreachable(line.summary.to_owned())),
                // The remote could not move them together, and names none of them as the cause: another push is at one of them,
                // or there is no room, or somebody left a lock.
                None if some => Ok(Tried::InTheWay(complaint(&done.err))),
                None => Err(self.unreachable(complaint(&done.err))),
            };
        }
        let known = moves.iter().zip(&tips).filter_map(|((from, _), tip)| Some((anchored(from), (*tip)?))).collect();
        let moved = lines.iter().filter(|line| line.flag != '=' && line.to.starts_with("refs/heads/")).count();
        Ok(Tried::Pushed((Pushed { branches: moved, elsewhere: 0 }, known)))
    }
}

/// A line of `git push --porcelain`: flag, `from:to`, summary.
struct Line<'l> {
    flag: char,
    to: &'l str,
    summary: &'l str,
}

fn line(text: &str) -> Option<Line<'_>> {
    let mut parts = text.splitn(3, '\t');
    let flag = parts.next().and_then(|flag| (flag.len() == 1).then(|| flag.chars().next())?)?;
    let (_, to) = parts.next()?.split_once(':')?;
    Some(Line { flag, to, summary: parts.next()? })
}
