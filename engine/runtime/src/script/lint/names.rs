//! Steps of the same name below the same phase: a person who is asked about one cannot tell which.

use super::{File, Found};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::{Diagnostic, Label};

pub(super) fn lint(file: &File<'_>, found: &mut Found<'_>) {
    let steps: Vec<_> = file.calls.iter().filter_map(|met| Some((met, met.title()?))).collect();
    for (at, (met, (name, position))) in steps.iter().enumerate() {
        let earlier = steps[..at].iter().find(|(other, (named, there))| {
            named == name
                && there != position
                && (other.group, other.function) == (met.group, met.function)
                && !other.excludes(met)
        });
        let Some((_, (_, first))) = earlier else { continue };
        let mut diagnostic = Diagnostic::warning(Code::DuplicateName, format!("a second step is called \"{name}\""))
            .help("say in the name what distinguishes them: reports, questions and `runbook resolve` know steps by their names");
        diagnostic.labels.extend(found.span(*first).map(|span| Label { span, text: "the first one".to_owned() }));
        found.report(diagnostic, *position);
    }
}
