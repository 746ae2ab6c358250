//! The lines that a test lacks.

use runbook_model::observation::Observation;
use runbook_runtime::world::scripted::Unanswered;

use crate::literal::quoted;

/// What to write for everything that was asked and not answered, each once, with a value that fits the kind of look.
#[must_use]
pub fn suggestion(unanswered: &[Unanswered]) -> String {
    let mut lines = Vec::new();
    for one in unanswered {
        let line = match one {
            Unanswered::Look(what, observation) => format!("given({}, #{{ {} }});", quoted(what), seen(observation)),
            Unanswered::Confirm(path, confirm) => {
                let answer = match confirm.choices.first() {
                    Some(choice) => format!("chooses: {}", quoted(choice)),
                    None if confirm.input.is_some() => "enters: \"…\"".to_owned(),
                    None => "says: \"yes\"".to_owned(),
                };
                format!("given({}, #{{ {answer} }});", quoted(&path.to_string()))
            }
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

fn seen(observation: &Observation) -> &'static str {
    match observation {
        Observation::Http { .. } => "status: 200",
        Observation::Output { .. } => "prints: \"…\"",
        Observation::ReadFile { .. } | Observation::ReadLink { .. } | Observation::Env { .. } | Observation::Now => {
            "gives: \"…\""
        }
        Observation::Stat { .. } => "gives: #{ kind: \"file\", size: 0, mode: 420 }",
        Observation::ListDir { .. } | Observation::Processes { .. } => "gives: []",
        Observation::Resolve { .. } => "gives: [\"127.0.0.1\"]",
        Observation::Tcp { .. } => "gives: true",
    }
}
