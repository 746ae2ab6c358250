//! Who can be asked.

use runbook_model::answer::Said;
use runbook_model::person::Decider;

use super::live::processes::{Keys, Window};
use super::{Choice, Chosen, Question, Reaction, Task};

/// Somebody, or nobody, who answers questions while a run goes on.
pub trait People {
    /// Puts a confirm to them. Dropping the future takes the question back.
    fn ask<'a>(&'a self, question: &'a Question) -> Task<'a, Reaction>;

    /// Asks what to do about a step; `None` when nobody is there to decide.
    fn choose<'a>(&'a self, choice: &'a Choice) -> Task<'a, Option<Chosen>>;

    /// Whether they have a terminal to hand over to a program.
    fn has_terminal(&self) -> bool {
        false
    }

    /// Hands their terminal over, behind whatever is asked there now; `None` when there is none.
    fn lend(&self) -> Task<'_, Option<Box<dyn Lent + '_>>> {
        Box::pin(async { None })
    }
}

/// A terminal in a program's hands. Dropping it gives it back, as it was.
pub trait Lent {
    /// Its size.
    fn window(&self) -> Window;

    /// What the person does at it from now on. A second call gives one that is silent.
    fn keys(&mut self) -> Keys;

    /// Shows what the program prints there.
    fn show(&self, bytes: &[u8]);
}

/// Nobody is there: confirms suspend the run, failures do what the runbook declares.
#[derive(Debug, Clone, Copy, Default)]
pub struct Absent;

impl People for Absent {
    fn ask<'a>(&'a self, _question: &'a Question) -> Task<'a, Reaction> {
        Box::pin(async { Reaction::Nobody })
    }

    fn choose<'a>(&'a self, _choice: &'a Choice) -> Task<'a, Option<Chosen>> {
        Box::pin(async { None })
    }
}

/// A flag of the command line that says yes in advance.
///
/// It stands for the operator and for nobody else: a confirm that names who may answer, wants more than one person or
/// refuses the operator suspends the run as if nobody were there. So does one whose answer is not yes or no.
#[derive(Debug, Clone)]
pub struct Agreeing {
    flag: String,
}

impl Agreeing {
    /// Agrees in the name of `flag`, which the journal names as the decider: `--yes`.
    #[must_use]
    pub fn new(flag: &str) -> Self {
        Self { flag: flag.to_owned() }
    }
}

impl People for Agreeing {
    fn ask<'a>(&'a self, question: &'a Question) -> Task<'a, Reaction> {
        let confirm = &question.confirm;
        let yes_or_no = confirm.choices.is_empty() && confirm.input.is_none();
        let operators_own = confirm.by.is_empty() && !confirm.not_self && confirm.quorum.is_none_or(|quorum| quorum <= 1);
        let reaction = if yes_or_no && operators_own {
            Reaction::Answered { said: Said::Yes, by: Decider::Flag(self.flag.clone()) }
        } else {
            Reaction::Nobody
        };
        Box::pin(async { reaction })
    }

    fn choose<'a>(&'a self, _choice: &'a Choice) -> Task<'a, Option<Chosen>> {
        Box::pin(async { None })
    }
}

#[cfg(test)]
mod tests {
    use runbook_model::digest::Digest;
    use runbook_model::path::StepPath;
    use runbook_model::step::Confirm;

    use super::*;

    async fn asked(confirm: Confirm) -> Reaction {
        let path = StepPath::root().child("go on?", 1);
        let question = Question { path, text: "Go on?".to_owned(), confirm, shown: Digest::ZERO, left: None, shortage: None };
        assert_eq!(Absent.ask(&question).await, Reaction::Nobody);
        Agreeing::new("--yes").ask(&question).await
    }

    #[tokio::test]
    async fn a_flag_agrees_for_the_operator_only() {
        let yes = Reaction::Answered { said: Said::Yes, by: Decider::Flag("--yes".to_owned()) };
        assert_eq!(asked(Confirm::default()).await, yes);
        assert_eq!(asked(Confirm { quorum: Some(1), ..Confirm::default() }).await, yes);
        for confirm in [
            Confirm { choices: vec!["blue".to_owned(), "green".to_owned()], ..Confirm::default() },
            Confirm { input: Some("ticket".to_owned()), ..Confirm::default() },
            Confirm { by: vec!["@oncall".to_owned()], ..Confirm::default() },
            Confirm { not_self: true, ..Confirm::default() },
            Confirm { quorum: Some(2), ..Confirm::default() },
        ] {
            assert_eq!(asked(confirm).await, Reaction::Nobody);
        }
    }
}
