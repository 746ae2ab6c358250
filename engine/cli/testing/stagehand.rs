//! Performs a runbook for a test that asks for it with `run()`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use runbook_model::Value;
use runbook_runtime::report::Reporter;
use runbook_runtime::script::Trace;
use runbook_runtime::script::testing::{Background, Ran, Stagehand};
use runbook_runtime::sweep::{Shown, Untested, tested};

use super::circumstances::{Circumstances, Unfit};
use super::suggestion;
use crate::output::reporters::{Telling, terminal};
use crate::output::screen::Screen;
use crate::output::style::Palette;

/// How wide the terminal is on which a test sees what people are shown.
const WIDTH: usize = 120;

/// Performs the runbook as tests ask for it, and notes in the trace where it came by.
#[must_use]
pub fn stagehand(circumstances: Circumstances, trace: Arc<Trace>) -> Arc<Stagehand> {
    let program = circumstances.program.traced(Arc::clone(&trace));
    let circumstances = Circumstances { program, ..circumstances };
    Arc::new(move |background: &Background, params: &BTreeMap<String, Value>| perform(&circumstances, &trace, background, params))
}

fn perform(
    circumstances: &Circumstances,
    trace: &Trace,
    background: &Background,
    params: &BTreeMap<String, Value>,
) -> Result<Ran, String> {
    let subject = circumstances.subject(background, params).map_err(|unfit| match unfit {
        Unfit::Environment(failure) => failure.to_string(),
        Unfit::Parameters(refused) => {
            let lines: Vec<_> = refused.iter().map(ToString::to_string).collect();
            format!("the runbook does not take these parameters\n{}", lines.join("\n"))
        }
    })?;
    let ran = tested(&subject, &|shown| audience(&shown)).map_err(|untested| match &untested {
        Untested::Unanswered(unanswered) => {
            format!("{untested}\nadd to it, with what shall be seen:\n{}", suggestion(unanswered))
        }
        _ => untested.to_string(),
    })?;
    ran.places.iter().for_each(|place| trace.note_at(place));
    Ok(ran)
}

/// Writes what people would see on a terminal, without colours.
fn audience(shown: &Shown) -> Box<dyn Reporter> {
    let screen = Screen { palette: Palette::plain(), live: false, marked: true, unicode: true, width: WIDTH };
    let sheet = Box::new(Sheet(Shown::clone(shown)));
    Box::new(terminal::Terminal::new(sheet, screen, Box::new(|| WIDTH), Box::new(|| 0), Telling::default()))
}

struct Sheet(Shown);

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
