//! The link of an alert, read: where it leads is known before any label is, and what templates will put in is a hole in it.

use crate::link::{self, BadLink, Link, Target};
use crate::template::{Action, BadTemplate, Piece, pieces};

/// What stands where a template will put something. No address, name or value holds it otherwise.
pub(super) const HOLE: char = '\u{f8ff}';

/// The text of a link, with holes.
pub(super) struct Reading {
    text: String,
    /// What fills the holes, each with where its hole stands.
    actions: Vec<(usize, Action)>,
    /// Where the query begins.
    query: usize,
}

impl Reading {
    /// Reads what an annotation says.
    ///
    /// # Errors
    /// Prometheus would refuse the template.
    pub(super) fn of(said: &str) -> Result<Self, BadTemplate> {
        let (mut text, mut actions) = (String::new(), Vec::new());
        for part in pieces(said.trim())? {
            match part {
                Piece::Text(part) => text.push_str(&part.replace(HOLE, "\u{fffd}")),
                Piece::Action(action) => {
                    actions.push((text.len(), action));
                    text.push(HOLE);
                }
            }
        }
        let query = text.find('?').unwrap_or(text.len());
        Ok(Self { text, actions, query })
    }

    /// Everything that a template puts in.
    pub(super) fn actions(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().map(|(_, action)| action)
    }

    /// What a template puts into the query.
    pub(super) fn in_query(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(|(at, _)| *at > self.query).map(|(_, action)| action)
    }

    /// The label that says where the link leads, if one does.
    pub(super) fn led_by_label(&self) -> Option<&Action> {
        let before = self.actions.iter().filter(|(at, _)| *at < self.query);
        before.map(|(_, action)| action).find(|action| !action.labels.is_empty())
    }

    /// Where it leads; `None` when a template says that. One at the very beginning is a host from the configuration of Prometheus
    /// (`{{ $externalURL }}`).
    pub(super) fn link(&self) -> Option<Result<Link, BadLink>> {
        let is_known = self.actions.iter().all(|(at, _)| *at >= self.query);
        is_known.then(|| link::read(&self.text))
    }

    /// What of our page it means; `None` when it leads elsewhere. `base` is the address of our page, which may live below a path of
    /// its host; without it, every address is taken for ours.
    pub(super) fn target(&self, link: &Link, base: Option<&str>) -> Option<Target> {
        let target = base.map_or_else(|| Some(link.target.clone()), |base| link.target_below(&self.text, base))?;
        (target != Target::Elsewhere).then_some(target)
    }
}
