//! The rehearsal: looks are real, changes are withheld.

use std::cell::RefCell;
use std::time::Duration;

use runbook_model::change::Change;
use runbook_model::entry::Intent;
use runbook_model::failure::Failure;
use runbook_model::observation::{NotSeen, Observation, Seen};
use runbook_model::step::Check;

use super::schedule::judge_dry;
use super::{Choice, Chosen, Judgement, Limits, Looks, Performed, Question, Reaction, Recovered, Task, World};
use crate::journal::Receipt;
use crate::operation::Look;

/// A world that looks with another one's eyes and changes nothing.
#[derive(Debug)]
pub struct DryRunWorld<W> {
    real: W,
    missing: RefCell<Vec<Missing>>,
}

/// Something that a withheld change will need and that is not there now.
///
/// It need not be a mistake: an earlier step that was withheld too may be what creates it.
#[derive(Debug, Clone, PartialEq)]
pub struct Missing {
    /// The change that needs it, in one line.
    pub change: String,
    /// What would have stopped it.
    pub failure: Failure,
}

impl<W: World> DryRunWorld<W> {
    /// Rehearses in front of `real`, usually a [`LiveWorld`](super::LiveWorld).
    #[must_use]
    pub fn new(real: W) -> Self {
        Self { real, missing: RefCell::default() }
    }

    /// What the withheld changes will need and was not found, in the order of the steps.
    #[must_use]
    pub fn missing(&self) -> Vec<Missing> {
        self.missing.borrow().clone()
    }

    fn note(&self, change: &Change, failure: Failure) {
        let missing = Missing { change: change.line(), failure };
        let mut all = self.missing.borrow_mut();
        if !all.contains(&missing) {
            all.push(missing);
        }
    }
}

impl<W: World> World for DryRunWorld<W> {
    fn prepare<'a>(&'a self, change: &'a Change) -> Task<'a, Result<Change, Failure>> {
        Box::pin(async move {
            match self.real.prepare(change).await {
                Ok(Change::Http(call)) => {
                    // A live run finds this out by sending; a rehearsal sends nothing, so it looks the host up.
                    if let Some(name) = host(&call.url)
                        && let Err(NotSeen { message }) = self.real.observe(&Observation::Resolve { name }).await
                    {
                        self.note(change, Failure::NoResponse { url: call.url.clone(), message, maybe_sent: false });
                    }
                    Ok(Change::Http(call))
                }
                Ok(prepared) => Ok(prepared),
                Err(failure) => {
                    self.note(change, failure);
                    Ok(change.clone())
                }
            }
        })
    }

    fn perform<'a>(&'a self, _receipt: Receipt, _change: &'a Change, _limits: Limits) -> Task<'a, Performed> {
        Box::pin(async { Performed::Withheld })
    }

    fn recover<'a>(&'a self, _intent: &'a Intent, _boot: &'a str, _limits: Limits) -> Task<'a, Recovered> {
        Box::pin(async { Recovered::NeverBegun { evidence: "a rehearsal changes nothing".to_owned() } })
    }

    fn observe<'a>(&'a self, observation: &'a Observation) -> Task<'a, Result<Seen, NotSeen>> {
        self.real.observe(observation)
    }

    fn judge(&self, check: &Check, history: &Looks, look: Look) -> Judgement {
        judge_dry(check, history, look)
    }

    fn ask<'a>(&'a self, _question: &'a Question) -> Task<'a, Reaction> {
        Box::pin(async { Reaction::Withheld })
    }

    fn choose<'a>(&'a self, _choice: &'a Choice) -> Task<'a, Option<Chosen>> {
        Box::pin(async { None })
    }

    fn wait(&self, length: Duration) -> Task<'_, ()> {
        self.real.wait(length)
    }

    fn monotonic_millis(&self) -> u64 {
        self.real.monotonic_millis()
    }

    fn now(&self) -> jiff::Timestamp {
        self.real.now()
    }
}

fn host(url: &str) -> Option<String> {
    let host = url.parse::<ureq::http::Uri>().ok()?.host()?.trim_matches(['[', ']']).to_owned();
    Some(host)
}

#[cfg(test)]
mod tests {
    use runbook_model::change::{FileWrite, HttpCall, Invocation};

    use super::*;
    use crate::world::live::Site;
    use crate::world::live::processes::plain::PlainProcesses;
    use crate::world::{Absent, LiveWorld};

    #[tokio::test]
    async fn what_withheld_changes_will_need_is_collected_and_nothing_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        let site = Site::new("01J0000000000000000000000A".parse().unwrap(), dir.path());
        let world = DryRunWorld::new(LiveWorld::new(site, Box::new(PlainProcesses), Box::new(Absent)));
        let target = dir.path().join("new.conf");
        let write = |path: &std::path::Path| {
            let (path, content) = (path.display().to_string(), "a = 1\n".to_owned());
            Change::Write(FileWrite { path, content, ..FileWrite::default() })
        };
        let run = Change::Run(Invocation { argv: vec!["no-such-program-anywhere".to_owned()], ..Invocation::default() });
        let call = |url: &str| Change::Http(HttpCall { method: "POST".to_owned(), url: url.to_owned(), ..HttpCall::default() });
        assert!(matches!(world.prepare(&write(&target)).await, Ok(Change::Write(FileWrite { before: Some(_), .. }))));
        assert!(world.prepare(&call("http://[::1]:9/x")).await.is_ok());
        assert_eq!(world.missing(), []);
        assert_eq!(world.prepare(&run).await, Ok(run.clone()));
        assert_eq!(world.prepare(&run).await, Ok(run.clone()), "a retry is not a second finding");
        let nested = write(&dir.path().join("not/there"));
        assert_eq!(world.prepare(&nested).await, Ok(nested.clone()));
        let missing: Vec<_> = world.missing().into_iter().map(|missing| missing.change).collect();
        assert_eq!(missing, [run.line(), nested.line()]);
        assert!(!target.exists());
    }

    #[tokio::test]
    async fn nobody_is_asked_and_looks_are_real() {
        use crate::world::scripted::{ScriptedWorld, Sight};
        let real = ScriptedWorld::new().says_yes("*").sees("tcp::open", Sight::value(true));
        let world = DryRunWorld::new(real.clone());
        let question = Question {
            path: runbook_model::path::StepPath::root().child("Go on?", 1),
            text: "Go on?".to_owned(),
            confirm: runbook_model::step::Confirm::default(),
            shown: runbook_model::digest::Digest::ZERO,
        };
        assert_eq!(world.ask(&question).await, Reaction::Withheld);
        let tcp = Observation::Tcp { address: "db:1".to_owned(), timeout: None };
        assert_eq!(world.observe(&tcp).await, real.observe(&tcp).await);
        world.wait(Duration::from_millis(5)).await;
        assert_eq!(world.monotonic_millis(), 5);
    }
}
