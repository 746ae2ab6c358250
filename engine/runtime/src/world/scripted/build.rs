//! Writing the script of a test.

use runbook_model::answer::Said;
use runbook_model::path::StepPath;
use runbook_model::person::{Decider, From, Person};

use super::act::Act;
use super::crash::{Crash, Recovery};
use super::pattern::Pattern;
use super::sight::Sight;
use super::stage::File;
use super::world::ScriptedWorld;
use crate::operation::Look;
use crate::world::{Chosen, Reaction};

/// In patterns `*` stands for any text. Steps are meant by their name or their whole path, steps of a rollback by their
/// path alone (`~rollback/*`). The same pattern again says what happens the next time; the last answer stays. When
/// several patterns fit, the one that was written first counts.
impl ScriptedWorld {
    /// How the changes of a step go. Without a word they succeed: exit code 0, status 200, the file written.
    #[must_use]
    pub fn command(self, step: &str, act: Act) -> Self {
        self.stage().acts.add(step, act);
        self
    }

    /// What looks see whose name (see [`what`](super::what)) begins like this. A look that nothing is said about fails
    /// and says so.
    #[must_use]
    pub fn sees(self, what: &str, sight: Sight) -> Self {
        self.look(&format!("{what}*"), sight)
    }

    /// What looks see whose whole name fits this pattern.
    #[must_use]
    pub fn look(self, pattern: &str, sight: Sight) -> Self {
        self.stage().sights.add(pattern, sight);
        self
    }

    /// What such looks see once the change of the step `after` took effect, until that of another step named for them does.
    #[must_use]
    pub fn look_after(self, pattern: &str, after: &str, sight: Sight) -> Self {
        self.stage().later.push((Pattern::new(pattern), Pattern::new(after), sight));
        self
    }

    /// What a check sees as a whole: its closure is not called.
    #[must_use]
    pub fn check(self, step: &str, look: Look) -> Self {
        self.stage().checks.add(step, look);
        self
    }

    /// The same once the change of the step `after` took effect, until that of another step named for it does.
    #[must_use]
    pub fn check_after(self, step: &str, after: &str, look: Look) -> Self {
        self.stage().checks_later.push((Pattern::new(step), Pattern::new(after), look));
        self
    }

    /// Lets the first `times` attempts of one step fail without effect, whatever else is said about it.
    #[must_use]
    pub fn breaks(self, path: &StepPath, times: u32) -> Self {
        self.stage().breaking.insert(path.clone(), times);
        self
    }

    /// Somebody says no to this question, whatever else is said about it.
    #[must_use]
    pub fn declines(self, path: &StepPath) -> Self {
        self.stage().declining.insert(path.clone());
        self
    }

    /// Plain questions about which nothing is said are answered with yes.
    #[must_use]
    pub fn agrees(self) -> Self {
        self.stage().agreeing = true;
        self
    }

    /// How a confirm is answered. Without a word nobody is there.
    #[must_use]
    pub fn confirms(self, step: &str, reaction: Reaction) -> Self {
        self.stage().reactions.add(step, reaction);
        self
    }

    /// A person says yes.
    #[must_use]
    pub fn says_yes(self, step: &str) -> Self {
        self.says(step, Said::Yes)
    }

    /// A person says this.
    #[must_use]
    pub fn says(self, step: &str, said: Said) -> Self {
        self.confirms(step, Reaction::Answered { said, by: operator() })
    }

    /// What a person decides about a step that failed or is in doubt. Without a word nobody is there.
    #[must_use]
    pub fn chooses(self, step: &str, chosen: Chosen) -> Self {
        self.stage().choices.add(step, chosen);
        self
    }

    /// A file that is there from the start, with mode 0644.
    #[must_use]
    pub fn file(self, path: &str, content: &str) -> Self {
        self.stage().files.insert(path.to_owned(), File { content: content.as_bytes().to_vec(), mode: 0o644 });
        self
    }

    /// Kills the engine at the n-th call of this world, counted from 1: that call and all later ones never return.
    #[must_use]
    pub fn crash_at(mut self, call: u64, crash: Crash) -> Self {
        self.crash = Some((call, crash));
        self
    }

    /// What can be found out after a crash; everything when nothing is said.
    #[must_use]
    pub fn recovery(mut self, recovery: Recovery) -> Self {
        self.recovery = recovery;
        self
    }
}

/// The person who answers in tests.
pub(super) fn operator() -> Decider {
    Decider::Person(Person { name: "tester".to_owned(), host: "stage".to_owned(), from: From::Terminal })
}
