//! Who sees a session, and who can be asked in it.

use std::cell::RefCell;
use std::rc::Rc;

use runbook_model::entry::Record;
use runbook_runtime::report::{Progress, Reporter};
use runbook_runtime::world::{Agreeing, Choice, Chosen, Lent, People, Question, Reaction, Task};

use crate::output::reporters::Teller;
use crate::people::AtTerminal;

/// A reporter that the ledger and the world share.
#[derive(Clone)]
pub(crate) struct View(pub(super) Rc<RefCell<Box<dyn Teller>>>);

impl Reporter for View {
    fn fact(&mut self, record: &Record) {
        self.0.borrow_mut().fact(record);
    }

    fn progress(&mut self, progress: &Progress) {
        self.0.borrow_mut().progress(progress);
    }
}

/// Who can be asked: a flag that speaks in advance, then the person at the terminal.
pub(super) struct Present {
    pub(super) yes: Option<Agreeing>,
    pub(super) terminal: Option<AtTerminal>,
}

impl People for Present {
    fn ask<'a>(&'a self, question: &'a Question) -> Task<'a, Reaction> {
        Box::pin(async move {
            if let Some(yes) = &self.yes
                && let reaction @ Reaction::Answered { .. } = yes.ask(question).await
            {
                return reaction;
            }
            match &self.terminal {
                Some(terminal) => terminal.ask(question).await,
                None => Reaction::Nobody,
            }
        })
    }

    fn choose<'a>(&'a self, choice: &'a Choice) -> Task<'a, Option<Chosen>> {
        Box::pin(async move {
            match &self.terminal {
                Some(terminal) => terminal.choose(choice).await,
                None => None,
            }
        })
    }

    fn has_terminal(&self) -> bool {
        self.terminal.as_ref().is_some_and(AtTerminal::is_there)
    }

    fn lend(&self) -> Task<'_, Option<Box<dyn Lent + '_>>> {
        Box::pin(async move { self.terminal.as_ref()?.lend().await })
    }
}
