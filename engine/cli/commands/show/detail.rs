//! One step in full, for people at a terminal.

use runbook_model::account::{Account, AttemptAccount, StepAccount};
use runbook_runtime::journal::RunDir;

use crate::dossier::clock;
use crate::dossier::piece::{self, Piece};
use crate::output::elapsed;
use crate::output::safe::{self, Colours};
use crate::output::screen::Screen;
use crate::output::style::Tone;

/// The page of a step.
pub(super) fn page(account: &Account, step: &StepAccount, dir: &RunDir, screen: Screen) -> String {
    let palette = screen.palette;
    let mut page = Page { screen, text: String::new() };
    let title = palette.paint(Tone::Strong, &safe::line(&step.name));
    page.text.push_str(&format!("{title}\n{} · {} · {}\n", step.kind, step.word(), safe::line(&step.path.told())));
    for attempt in &step.attempts {
        page.attempt(account, attempt);
    }
    let decisions: Vec<_> = account.decisions.iter().filter(|decision| decision.path == step.path).collect();
    if !decisions.is_empty() {
        page.heading("decisions");
        for decision in decisions {
            let why = decision.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            page.fact(
                &format!("{}Z", clock(account, decision.at)),
                &format!("{} {}{why}", decision.by.line(), decision.what.line()),
            );
        }
    }
    if let (Some(plan), true) = (&step.plan, step.attempts.is_empty()) {
        page.heading("owed");
        page.fact("plan", &format!("{} ({})", piece::step_ending(step), plan_word(plan)));
    }
    if let Some(at) = step.rolled_back {
        page.heading("rolled back");
        page.fact("at", &format!("{at:.0}"));
    }
    let printed = |attempt: &AttemptAccount| piece::came_of(attempt).iter().any(|piece| matches!(piece, Piece::Output { .. }));
    if step.attempts.iter().any(printed) {
        let note = format!("whole outputs, as far as they were kept: {}", dir.keeper().display());
        page.text.push_str(&format!("\n{}\n", palette.paint(Tone::Faint, &safe::line(&note))));
    }
    page.text
}

fn plan_word(plan: &runbook_model::step::RollbackPlan) -> &'static str {
    if matches!(plan, runbook_model::step::RollbackPlan::Block) { "a block" } else { "changes" }
}

struct Page {
    screen: Screen,
    text: String,
}

impl Page {
    fn heading(&mut self, text: &str) {
        self.text.push_str(&format!("\n{}\n", self.screen.palette.paint(Tone::Strong, text)));
    }

    fn fact(&mut self, name: &str, text: &str) {
        let name = self.screen.palette.paint(Tone::Faint, &format!("{name:<15}"));
        self.text.push_str(&format!("  {name} {}\n", safe::line(text)));
    }

    fn attempt(&mut self, account: &Account, attempt: &AttemptAccount) {
        self.heading(&format!("attempt {}", attempt.intent.attempt));
        let took = attempt.took().map_or_else(|| "no end recorded".to_owned(), elapsed::short);
        self.fact("when", &format!("{:.3}  {took}", attempt.began));
        let who = account.sessions.iter().find(|sitting| sitting.epoch == attempt.epoch);
        let who = who.map(|sitting| format!(" · {}@{}", sitting.session.operator.name, sitting.session.operator.host));
        self.fact("record", &format!("{} · session {}{}", attempt.seq, attempt.epoch.0, who.unwrap_or_default()));
        self.fact("fingerprint", &attempt.intent.fingerprint.to_string());
        piece::asked(attempt).iter().for_each(|piece| self.piece(piece));
        self.fact("ended", &piece::ending(attempt));
        piece::came_of(attempt).iter().for_each(|piece| self.piece(piece));
    }

    fn piece(&mut self, piece: &Piece) {
        let palette = self.screen.palette;
        match piece {
            Piece::Fact(name, text) if text.contains('\n') => self.lines(name, text.as_bytes()),
            Piece::Fact(name, text) => self.fact(name, text),
            Piece::Output { name, size, head, tail } => {
                self.fact(name, &format!("{size} bytes"));
                self.block(head);
                if let Some((dropped, tail)) = tail {
                    self.text
                        .push_str(&format!("    {}\n", palette.paint(Tone::Faint, &format!("({dropped} bytes are not kept)"))));
                    self.block(tail);
                }
            }
            Piece::Diff(name, lines) => {
                self.fact(name, "");
                for (sign, line) in lines {
                    let tone = match sign {
                        '-' => Tone::Bad,
                        '+' => Tone::Good,
                        _ => Tone::Faint,
                    };
                    self.text.push_str(&format!("    {}\n", palette.paint(tone, &safe::line(&format!("{sign} {line}")))));
                }
            }
        }
    }

    fn lines(&mut self, name: &str, bytes: &[u8]) {
        self.fact(name, "");
        self.block(bytes);
    }

    fn block(&mut self, bytes: &[u8]) {
        let palette = self.screen.palette;
        let colours = if palette.is_coloured() { Colours::Kept } else { Colours::Dropped };
        let bar = palette.paint(Tone::Faint, if self.screen.unicode { "│" } else { "|" });
        for line in safe::block(bytes, colours).lines() {
            self.text.push_str(&format!("    {bar} {line}\n"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::reporters::example::Example;

    #[test]
    fn a_page_has_what_was_asked_what_came_of_it_and_no_control_sequence() {
        let account = Account::of(&Example::failing_and_rolled_back()).expect("an account");
        let home = tempfile::tempdir().expect("a directory");
        let dir = runbook_runtime::journal::StateDir::open(home.path()).expect("a state directory").run(account.run);
        let screen = Screen::plain(80);
        let step = account.step(&"Switch/restart the service".parse().expect("a path")).expect("a step");
        let page = page(&account, step, &dir, screen);
        for part in [
            "command · failed · Switch/restart the service",
            "runs            systemctl restart api",
            "rollback        nothing to do, says the runbook",
            "ended           exit code 3",
            "standard error  45 bytes",
            "│ ␛]0;owned␇see journalctl",
            "saw             http::get http://127.0.0.1:1/: status 502 (3 ms)",
        ] {
            assert!(page.contains(part), "{part} is missing in\n{page}");
        }
        assert!(!page.contains('\u{1b}'));
    }
}
