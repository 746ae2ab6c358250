//! The numbers of the diagnostics, which never change their meaning once released.

use serde::{Serialize, Serializer};

/// What kind of mistake a diagnostic is about; `runbook explain RB0004` says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// The text is not Rhai.
    Syntax,
    /// A module cannot be found, read or imported.
    Import,
    /// No function has this name.
    UnknownFunction,
    /// A step has no such option.
    UnknownOption,
    /// An option or argument holds something else than it should.
    BadOption,
    /// A function of the script has the name of a function of the engine.
    Shadowed,
    /// `runbook(#{ … })` is missing, comes late or says something impossible.
    Declaration,
    /// The world was looked at outside a check.
    LookOutsideCheck,
    /// A step stands inside the closure of a check.
    StepInsideCheck,
    /// A step stands at the top level of an imported module.
    StepInImport,
    /// A function that would make replay impossible.
    Blocked,
    /// The script needs more operations, memory or depth than it may.
    Limit,
    /// The script failed by itself.
    ScriptError,
    /// A step failed and the script did not catch it.
    StepFailed,
    /// The rehearsal cannot go on from here.
    Unknowable,
    /// Output that was cut, or that is not text, was used as text.
    NotText,
    /// A value that cannot be recorded.
    NotRecordable,
    /// Two values of different types were compared.
    UnlikeTypes,
    /// The engine is at fault.
    Internal,
    /// A function gets too many or too few arguments.
    Arity,
    /// A parameter is used that the runbook does not declare.
    UndeclaredParameter,
    /// A parameter is declared and never used.
    UnusedParameter,
    /// Something is never reached.
    Unreachable,
    /// Two steps below one phase have the same name.
    DuplicateName,
    /// A command says nothing about its way back.
    NoWayBack,
    /// A runbook names no owner.
    NoOwner,
    /// Two runbooks serve the same alert.
    ServedTwice,
    /// A link leads nowhere.
    DeadLink,
    /// A value has no such property.
    UnknownProperty,
    /// Something that a branch of a `parallel` may not do, or items that cannot be told apart.
    Branches,
    /// A test expects something else.
    Expected,
    /// A secret was used as text.
    SecretAsText,
    /// A secret stands in an argument of a program.
    SecretInArgument,
    /// The configuration does not say where a secret comes from.
    NoSource,
    /// A closure means a variable and gets the function of that name.
    Captured,
}

impl Code {
    /// Every code, in the order of the numbers.
    pub const ALL: [Self; 35] = [
        Self::Syntax,
        Self::Import,
        Self::UnknownFunction,
        Self::UnknownOption,
        Self::BadOption,
        Self::Shadowed,
        Self::Declaration,
        Self::LookOutsideCheck,
        Self::StepInsideCheck,
        Self::StepInImport,
        Self::Blocked,
        Self::Limit,
        Self::ScriptError,
        Self::StepFailed,
        Self::Unknowable,
        Self::NotText,
        Self::NotRecordable,
        Self::UnlikeTypes,
        Self::Internal,
        Self::Arity,
        Self::UndeclaredParameter,
        Self::UnusedParameter,
        Self::Unreachable,
        Self::DuplicateName,
        Self::NoWayBack,
        Self::NoOwner,
        Self::ServedTwice,
        Self::DeadLink,
        Self::UnknownProperty,
        Self::Branches,
        Self::Expected,
        Self::SecretAsText,
        Self::SecretInArgument,
        Self::NoSource,
        Self::Captured,
    ];

    /// `RB0001`, `RB0002`, and so on.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Syntax => "RB0001",
            Self::Import => "RB0002",
            Self::UnknownFunction => "RB0003",
            Self::UnknownOption => "RB0004",
            Self::BadOption => "RB0005",
            Self::Shadowed => "RB0006",
            Self::Declaration => "RB0007",
            Self::LookOutsideCheck => "RB0008",
            Self::StepInsideCheck => "RB0009",
            Self::StepInImport => "RB0010",
            Self::Blocked => "RB0011",
            Self::Limit => "RB0012",
            Self::ScriptError => "RB0013",
            Self::StepFailed => "RB0014",
            Self::Unknowable => "RB0015",
            Self::NotText => "RB0016",
            Self::NotRecordable => "RB0017",
            Self::UnlikeTypes => "RB0018",
            Self::Internal => "RB0019",
            Self::Arity => "RB0020",
            Self::UndeclaredParameter => "RB0021",
            Self::UnusedParameter => "RB0022",
            Self::Unreachable => "RB0023",
            Self::DuplicateName => "RB0024",
            Self::NoWayBack => "RB0025",
            Self::NoOwner => "RB0026",
            Self::ServedTwice => "RB0027",
            Self::DeadLink => "RB0028",
            Self::UnknownProperty => "RB0029",
            Self::Branches => "RB0030",
            Self::Expected => "RB0031",
            Self::SecretAsText => "RB0032",
            Self::SecretInArgument => "RB0033",
            Self::NoSource => "RB0034",
            Self::Captured => "RB0051",
        }
    }

    /// What it is about and the way out, in a short paragraph.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Syntax => {
                "The text is not a Rhai script. Some words cannot be used as names or option keys because Rhai reserves \
                 them: `default`, `match`, `use`, `with`, `call`, `null`, … The underlined place is where reading stopped; \
                 the mistake may stand just before it."
            }
            Self::Import => {
                "An `import` needs a literal path: `import \"std/releases\" as releases;`. `std/…` comes with the engine, \
                 everything else is looked for beside the importing file, and must stay inside the runbook repository. \
                 Modules cannot import each other in a circle."
            }
            Self::UnknownFunction => {
                "Neither the script, nor its modules, nor the engine has a function of this name. It is found before the \
                 run starts, so that a typing mistake in the last step does not stop a run halfway."
            }
            Self::UnknownOption => {
                "Options of steps are checked against a closed list, because a misspelt `timout` that is silently ignored \
                 would leave a command without a deadline. `runbook check` names the nearest option."
            }
            Self::BadOption => {
                "An option holds a value of the wrong type or form. Lengths of time are texts such as \"90s\"; a command is \
                 a list of words, such as [\"systemctl\", \"restart\", \"api\"]."
            }
            Self::Shadowed => {
                "A function of the script has the name of a function of the engine, and would take over every call of it. \
                 Give it another name."
            }
            Self::Declaration => {
                "`runbook(#{ title: … })` comes before the first step and once only: what it says must be known without \
                 running anything."
            }
            Self::LookOutsideCheck => {
                "Between steps a script is a function of recorded answers; that is what makes resume possible. A look at \
                 the world therefore stands in a check: `let health = check(\"health\", || http::get(url).status);`."
            }
            Self::StepInsideCheck => {
                "The closure of a check only looks; it may be called many times, or not at all when its answer is already \
                 recorded. Put the step before or behind the check."
            }
            Self::StepInImport => {
                "Importing a module runs its top level, and must not do anything. Put the step into a function of the \
                 module and call it."
            }
            Self::Blocked => {
                "`eval`, `exit`, `sleep`, `timestamp` and the like would make the script depend on something that is not \
                 recorded. Use a check with `within` to wait, and `clock::now()` in a check to tell the time."
            }
            Self::Limit => {
                "A script is limited to 10 million operations, 48 nested calls, texts of 4 MiB, lists of 100,000 and maps \
                 of 20,000 items, so that a mistake ends the script instead of the machine."
            }
            Self::ScriptError => "The script itself failed: it threw an error, or used a value in a way that it cannot be used.",
            Self::StepFailed => {
                "A step failed and the script did not catch it. `try { … } catch (e) { … }` gives `e.step`, `e.reason`, \
                 `e.code` and `e.message`."
            }
            Self::Unknowable => {
                "In a rehearsal changes are withheld, so their results are unknown. Text may contain an unknown; a decision \
                 may not hang on one. Say what to take instead with the option `assume` of the step."
            }
            Self::NotText => {
                "Only the first and last 32 KiB of a long output are kept for the script, so the whole is not there to be \
                 used. `.head` and `.tail` give what is. Output that is not UTF-8 cannot be used as text either."
            }
            Self::NotRecordable => {
                "What a check returns is written to the journal, which holds numbers, texts, lists, maps, booleans and (). \
                 Return the part that matters, such as `.status` or `.stdout`."
            }
            Self::UnlikeTypes => {
                "`status == \"200\"` can never be true, because a number is no text. Convert one side: `status == 200`, or \
                 `status.to_string() == \"200\"`."
            }
            Self::SecretAsText => {
                "A secret has no way to become text, because text is written down: it cannot be interpolated, joined, compared, \
                 printed or recorded. Hand it over where it is needed: in `env`, `env_files` or `stdin` of a program, in \
                 `headers`, `json` or `body` of a request, in the `content` of a file. Where text stands around it, write a \
                 list: `[\"Bearer \", secret(\"api/token\")]`."
            }
            Self::SecretInArgument => {
                "The arguments of a program can be read by every user of the machine (`ps`). Hand the secret over in its \
                 environment (`env`), on its standard input (`stdin`), or in a file that a variable names (`env_files`)."
            }
            Self::NoSource => {
                "The runbook names a secret, and `runbook.toml` does not say where it comes from. Add it to `[secrets]`: \
                 `\"db/password\" = { env = \"DB_PASSWORD\" }`, or `{ file = … }`, `{ command = [ … ] }`, `{ age = … }`."
            }
            Self::Captured => {
                "A closure uses a variable that has the name of a function of the same file. Rhai does not capture such a \
                 variable: what the closure sees is a pointer to the function, which equals no value. A check would miss, or \
                 hold, for no reason that can be read. Give one of the two another name."
            }
            Self::Internal => "The engine failed, not the script. Nothing is lost: the journal is written before every effect.",
            Self::Arity => {
                "A function is called with another number of arguments than it takes. It is found before the run starts, because otherwise the run would stop in the middle, at that line."
            }
            Self::UndeclaredParameter => {
                "The script reads a parameter that `params` of `runbook(#{ … })` does not have. Nobody can give it, so the run would stop at that line."
            }
            Self::UnusedParameter => {
                "People are asked for a parameter that changes nothing. At night that is one question too many, and one wrong belief about what the runbook does."
            }
            Self::Unreachable => {
                "What stands behind a `return` or a `throw`, or in a branch that is never taken, is never run. A rehearsal does not show it either."
            }
            Self::DuplicateName => {
                "Steps are known by their names: in reports, in questions, and when somebody says `runbook resolve RUN STEP did`. The second of two is called `NAME#2`, which says nothing to whoever reads it."
            }
            Self::NoWayBack => {
                "Rolling back leaves what this command did as it is, and says so only then. `rollback: \"nothing\"` says that this is meant. With `rollback: true` in `runbook(#{ … })` the runbook promises a way back for every command, and one without is an error."
            }
            Self::NoOwner => {
                "`owner` in `runbook(#{ … })` is who is told when the runbook turns out wrong, and who is asked before it changes."
            }
            Self::ServedTwice => {
                "When the alert fires, one page is shown. With two runbooks for it nobody knows which; distinguish them by `labels`, or take the alert out of one."
            }
            Self::DeadLink => {
                "A link of the runbook names a file that is not in the repository, or is no address. At night there is no time to search for it."
            }
            Self::Expected => {
                "A test of the runbook expects something else than what came of it; found and wanted stand side by side."
            }
            Self::UnknownProperty => {
                "The value has no property of this name. The nearest one that appears in the runbook or in the results of steps is suggested."
            }
            Self::Branches => {
                "The branches of a `parallel` run at the same time and in any order, so nothing in one may depend on another: \
                 a branch reads what stands outside and cannot change it, but gives a value, which `parallel` returns; it has \
                 no `parallel` and no named lock in it. Each item has a key of its own, by which it is found again on resume."
            }
        }
    }

    /// Whether it only looks wrong: a repository may allow it.
    #[must_use]
    pub fn may_be_allowed(self) -> bool {
        matches!(
            self,
            Self::UnusedParameter
                | Self::Unreachable
                | Self::DuplicateName
                | Self::NoWayBack
                | Self::NoOwner
                | Self::ServedTwice
                | Self::DeadLink
        )
    }

    /// The code with this number, as in `RB0004`.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.id().eq_ignore_ascii_case(id))
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_up_and_each_is_found_again() {
        // From 41 to 50 are those that no script is at fault for.
        let numbers = (1..=34).chain(51..);
        for (number, code) in numbers.zip(Code::ALL) {
            assert_eq!(code.id(), format!("RB{number:04}"));
            assert_eq!(Code::of_id(&code.id().to_lowercase()), Some(code));
        }
        assert_eq!(Code::of_id("RB9999"), None);
    }
}
