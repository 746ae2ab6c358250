//! The person at the terminal of this process.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use runbook_model::person::{Decider, Person};
use runbook_runtime::world::{Choice, Chosen, Lent, Question, Reaction};

use crate::operator::Operator;
use crate::output::style::{Palette, Tone};
use crate::output::wrap::Lines;
use crate::people::lending::Lending;
use crate::people::menu::{self, Way};
use crate::people::question;
use crate::people::tty::Tty;

/// Asks the person at the terminal. When the terminal is gone, nobody is there: the run is suspended and loses nothing.
///
/// Dropping one of the futures takes the question back at once; nothing has to be restored.
pub struct AtTerminal {
    tty: PathBuf,
    palette: Palette,
    operator: Operator,
    /// The person who started the run, for `not_self`.
    runner: Person,
    /// Two questions at once (from parallel branches) would share the keyboard.
    asking: tokio::sync::Mutex<()>,
    gone: Cell<bool>,
}

impl AtTerminal {
    /// The person at `/dev/tty`.
    #[must_use]
    pub fn new(operator: Operator, runner: Person, palette: Palette) -> Self {
        Self::at(PathBuf::from("/dev/tty"), operator, runner, palette)
    }

    pub(super) fn at(tty: PathBuf, operator: Operator, runner: Person, palette: Palette) -> Self {
        Self { tty, palette, operator, runner, asking: tokio::sync::Mutex::new(()), gone: Cell::new(false) }
    }

    /// Asks a question.
    pub async fn ask(&self, question: &Question) -> Reaction {
        let _asking = self.asking.lock().await;
        match within(question.left.map(Duration::from), self.answer(question)).await {
            Some(Ok(reaction)) => reaction,
            Some(Err(error)) => self.nobody(&error),
            None => Reaction::TimedOut,
        }
    }

    /// Lets a person decide about a step; `None` when nobody is there.
    pub async fn choose(&self, choice: &Choice) -> Option<Chosen> {
        let _asking = self.asking.lock().await;
        match self.decide(choice).await {
            Ok(chosen) => Some(chosen),
            Err(error) => {
                self.nobody(&error);
                None
            }
        }
    }

    /// Whether the terminal can be had now.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.open().is_ok()
    }

    /// Hands the terminal over to a program, behind whatever is asked there now; `None` when there is none.
    pub async fn lend(&self) -> Option<Box<dyn Lent + '_>> {
        let asking = self.asking.lock().await;
        match self.open().and_then(|_| Lending::begin(&self.tty, asking)) {
            Ok(lending) => Some(Box::new(lending)),
            Err(error) => {
                self.nobody(&error);
                None
            }
        }
    }

    fn open(&self) -> io::Result<Tty> {
        if self.gone.get() { Err(io::ErrorKind::NotConnected.into()) } else { Tty::open(&self.tty) }
    }

    fn nobody(&self, error: &io::Error) -> Reaction {
        tracing::info!(%error, "there is no terminal to ask at");
        self.gone.set(true);
        Reaction::Nobody
    }

    fn me(&self) -> Decider {
        Decider::Person(self.operator.person.clone())
    }

    async fn answer(&self, question: &Question) -> io::Result<Reaction> {
        let mut tty = self.open()?;
        let shown = question::shown(question, self.palette, tty.columns());
        tty.show(&shown)?;
        if let Err(refusal) = self.operator.may_answer(&question.confirm, &self.runner) {
            let refusal = crate::output::safe::line(&refusal.to_string());
            let lines = Lines { columns: tty.columns(), first: 4, hang: 4 };
            tty.show(&format!("    {}\n", lines.lay(&[(Tone::Warn, refusal.as_str())], self.palette)))?;
            return Ok(Reaction::Nobody);
        }
        tty.forget_typed()?;
        loop {
            let prompt = question::prompt(question, tty.columns());
            let Some(typed) = tty.asked(&shown, &prompt).await? else { return Ok(Reaction::Nobody) };
            match question::meaning(question, &typed) {
                Ok(said) => return Ok(Reaction::Answered { said, by: self.me() }),
                Err(want) => tty.show(&self.again(want))?,
            }
        }
    }

    async fn decide(&self, choice: &Choice) -> io::Result<Chosen> {
        let mut tty = self.open()?;
        let shown = menu::shown(choice, self.palette, tty.columns());
        tty.show(&shown)?;
        tty.forget_typed()?;
        let letters: Vec<_> = menu::ways(choice).into_iter().map(Way::letter).collect();
        loop {
            let Some(typed) = tty.asked(&shown, &format!("  {}? ", letters.join(", "))).await? else { return Ok(Chosen::Stop) };
            let Some(way) = menu::meaning(choice, &typed) else {
                if typed != "?" {
                    tty.show(&self.again("one of the letters is wanted"))?;
                }
                tty.show(&menu::letters(choice, self.palette, tty.columns()))?;
                continue;
            };
            let why = match way.reason() {
                Some(reason) => match self.reason(&mut tty, reason).await? {
                    Some(why) => why,
                    // Whoever cannot say why has not decided yet.
                    None => {
                        tty.show(&menu::letters(choice, self.palette, tty.columns()))?;
                        continue;
                    }
                },
                None => String::new(),
            };
            let by = self.me();
            return Ok(match way {
                Way::Retry => Chosen::Retry(by),
                Way::Skip => Chosen::Skip { by, why },
                Way::RollBack => Chosen::RollBack(by),
                Way::Stop => Chosen::Stop,
                Way::Did => Chosen::Did { by, why },
                Way::DidNot => Chosen::DidNot { by, why },
            });
        }
    }

    async fn reason(&self, tty: &mut Tty, reason: &str) -> io::Result<Option<String>> {
        let typed =
            tty.asked("", &format!("  {reason} ")).await?.filter(|why| !why.is_empty() && !why.contains(char::is_control));
        if typed.is_none() {
            tty.show(&self.again("a reason is wanted"))?;
        }
        Ok(typed)
    }

    fn again(&self, want: &str) -> String {
        format!("    {}\n", self.palette.paint(Tone::Warn, want))
    }
}

/// The result of `task`, or `None` when it takes longer than `limit`.
async fn within<T>(limit: Option<Duration>, task: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, task).await.ok(),
        None => Some(task.await),
    }
}
