//! What stands below which heading.

use super::back::is_way_back;
use super::document::{Block, Kind};
use super::inline::{Inline, inline};
use super::section::Section;
use super::shell::{Typed, typed};
use super::step_name::{LONGEST_NAME, short};

/// The title, what stands above the first step, and the sections.
pub(super) fn sections(blocks: Vec<Block>, name: &str, notes: &mut Vec<(usize, String)>) -> (String, String, Vec<Section>) {
    let (mut title, mut about) = (None, Vec::new());
    let mut all = vec![Section::new(None, 1)];
    // The level of the heading over the way back: what is below it belongs to it.
    let mut back = None;
    for Block { line, kind } in blocks {
        let first = all.len() == 1 && all[0].steps.is_empty();
        let Some(section) = all.last_mut() else { break };
        match kind {
            Kind::Title(text) => title = Some(text),
            Kind::Heading(1, text) if first && title.is_none() => title = Some(text),
            Kind::Heading(level, text) => {
                section.close();
                back = back.filter(|above| level > *above).or_else(|| is_way_back(&text).then_some(level));
                let name = if text.is_empty() { format!("Line {line}") } else { text };
                all.push(Section::new(Some(name), line).back(back.is_some()));
            }
            Kind::Prose(text) => {
                let found = inline(&text);
                if let Inline::Named(command) = found {
                    let command = short(command, LONGEST_NAME);
                    notes.push((
                        line,
                        format!("`{command}` stands in a sentence and is not run: it is shown with the next question"),
                    ));
                }
                let told = match found {
                    Inline::Told(command) => {
                        Some(Typed { line, comments: Vec::new(), text: command.to_owned(), printed: Vec::new() })
                    }
                    Inline::Named(_) | Inline::Nothing => None,
                };
                match told {
                    Some(command) => {
                        section.prose(text);
                        section.run(command);
                    }
                    // Steps may stand there as well as a description: what comes before a command is read before it.
                    None if first => {
                        about.push(text.clone());
                        section.about(text);
                    }
                    None => section.prose(text),
                }
            }
            Kind::Task(text) => section.task(line, &text),
            Kind::Unturned(what) => notes.push((line, what.to_owned())),
            Kind::Code { language, text } => match typed(&language, &text, line, notes) {
                Some(commands) => commands.into_iter().for_each(|command| section.run(command)),
                None => {
                    let what = if language.is_empty() { "text or code".to_owned() } else { format!("`{language}`") };
                    notes.push((line, format!("a block of {what} that is not run: it is shown with the next question")));
                    let shown: String = text.lines().map(|line| format!("    {line}\n")).collect();
                    section.prose(shown);
                }
            },
        }
    }
    if let Some(last) = all.last_mut() {
        last.close();
    }
    // A text that is about nothing but the way back is one that goes forward.
    if is_way_back(title.as_deref().unwrap_or(name)) || all.iter().all(|section| section.is_back || section.steps.is_empty()) {
        all.iter_mut().for_each(|section| section.is_back = false);
    }
    (
        title.map(|title| short(&title, 200)).filter(|title| !title.is_empty()).unwrap_or_else(|| name.to_owned()),
        about.join("\n\n"),
        all,
    )
}
