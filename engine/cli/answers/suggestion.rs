//! The lines that are missing.

use runbook_model::observation::Observation;
use runbook_runtime::world::scripted::Unanswered;

/// The lines of the file that answer what was asked, each once, with a value that fits the kind of look.
#[must_use]
pub fn suggestion(unanswered: &[Unanswered]) -> String {
    let mut looks = Vec::new();
    let mut questions = Vec::new();
    for one in unanswered {
        let (lines, line) = match one {
            Unanswered::Look(what, observation) => (&mut looks, format!("{} = {}", key(what), seen(observation))),
            Unanswered::Confirm(path, confirm) => {
                let answer = match confirm.choices.first() {
                    Some(choice) => format!("{{ choose = {} }}", key(choice)),
                    None if confirm.input.is_some() => "{ enter = \"…\" }".to_owned(),
                    None => "\"yes\"".to_owned(),
                };
                (&mut questions, format!("{} = {answer}", key(&path.to_string())))
            }
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let table = |name: &str, lines: &[String]| match lines {
        [] => String::new(),
        lines => format!("[{name}]\n{}\n", lines.join("\n")),
    };
    format!("{}{}", table("sees", &looks), table("confirms", &questions))
}

fn key(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn seen(observation: &Observation) -> &'static str {
    match observation {
        Observation::Http { .. } => "{ status = 200 }",
        Observation::Output { .. } => "{ prints = \"…\" }",
        Observation::ReadFile { .. } => "{ content = \"…\" }",
        Observation::ReadLink { .. } | Observation::Env { .. } | Observation::Now => "{ value = \"…\" }",
        Observation::Stat { .. } => "{ value = { kind = \"file\", size = 0, mode = 420 } }",
        Observation::ListDir { .. } | Observation::Processes { .. } => "{ value = [] }",
        Observation::Resolve { .. } => "{ value = [\"127.0.0.1\"] }",
        Observation::Tcp { .. } => "{ value = true }",
    }
}
