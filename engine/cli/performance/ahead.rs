//! What stands in the way of changes, looked at without making them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use runbook_model::change::Change;
use runbook_runtime::world::World;

use super::Performance;
use super::present::View;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Format;
use crate::output::reporters::{self, Telling};

impl Performance<'_> {
    /// For each change, in this order, what it would not find as it needs it.
    ///
    /// A file that several of them touch is looked at for the first only: what the others would find is what that one leaves.
    ///
    /// # Errors
    /// The engine cannot start.
    pub fn look_ahead(&self, changes: &[&Change]) -> Result<Vec<Vec<String>>, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new(ExitCode::Refused, format!("the engine cannot start: {error}")))?;
        let teller = reporters::choose(Format::Text, self.workplace.screen(), Telling::default());
        let world = self.world(&View(Rc::new(RefCell::new(teller))));
        let found = tokio::task::LocalSet::new().block_on(&runtime, looked(&*world, changes));
        runtime.shutdown_background();
        Ok(found)
    }
}

async fn looked(world: &dyn World, changes: &[&Change]) -> Vec<Vec<String>> {
    let mut files = BTreeSet::new();
    let mut all = Vec::new();
    for change in changes {
        let first = match change {
            Change::Write(write) => files.insert(write.path.clone()),
            Change::Restore(restore) => files.insert(restore.path.clone()),
            Change::Run(_) | Change::Http(_) => true,
        };
        let known = world.lacks().len();
        if first {
            world.prepare(change).await.ok();
        }
        all.push(world.lacks().into_iter().skip(known).map(|lack| lack.what).collect());
    }
    all
}
