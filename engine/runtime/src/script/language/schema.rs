//! The options of each function: one table for the check before the run, the check while it runs, and the documentation.

use super::option_type::OptionType;

/// One option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionSchema {
    /// The key.
    pub name: &'static str,
    /// What it may hold.
    pub kind: OptionType,
    /// What it is for, in one line.
    pub help: &'static str,
    /// Whether it must be there.
    pub required: bool,
}

/// The options of one function, or of a map inside its options.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// The function: `command`, `http::get`; or the map: `command.write`, `runbook.params`.
    pub name: &'static str,
    /// How it is called.
    pub usage: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// Which argument holds the options, counted from 0; absent for a map inside other options.
    pub argument: Option<usize>,
    /// The options.
    pub options: &'static [OptionSchema],
}

impl Table {
    /// The option of this name.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&'static OptionSchema> {
        self.options.iter().find(|option| option.name == name)
    }
}

const fn option(name: &'static str, kind: OptionType, help: &'static str) -> OptionSchema {
    OptionSchema { name, kind, help, required: false }
}

const fn required(name: &'static str, kind: OptionType, help: &'static str) -> OptionSchema {
    OptionSchema { name, kind, help, required: true }
}

const ENV: OptionSchema = option("env", OptionType::PartsMap, "variables added to the environment of the program");
const ENV_FILES: OptionSchema = option(
    "env_files",
    OptionType::PartsMap,
    "variables that name a file with this content, which is in memory only and goes with the program; on this machine only",
);
const CWD: OptionSchema = option(
    "cwd",
    OptionType::Text,
    "the working directory; when absent the root of the runbook repository, on a host the directory of the login",
);
const ON: OptionSchema = option(
    "on",
    OptionType::Names,
    "the host that it runs on, as `ssh` knows it; of several, one step each; \"here\" is this machine",
);
const LOOK_ON: OptionSchema =
    option("on", OptionType::Text, "the host that it looks on, as `ssh` knows it; \"here\" is this machine");
const BACK_ON: OptionSchema =
    option("on", OptionType::Text, "the host that it runs on; that of its command when absent, this machine with \"here\"");
const STDIN: OptionSchema = option("stdin", OptionType::Parts, "what the program reads; nothing when absent");
const CA: OptionSchema =
    option("ca", OptionType::Text, "a file of certificates (PEM): the only authorities that count; the machine's when absent");
const PTY: OptionSchema = option(
    "pty",
    OptionType::Flag,
    "the program gets a terminal of its own, at which nobody sits; both its streams come out of it",
);
const INTERACTIVE: OptionSchema = option(
    "interactive",
    OptionType::Flag,
    "the program gets the operator's terminal while it runs; refused where there is none",
);
const OUTPUT: OptionSchema =
    option("output", OptionType::Size, "the most of each stream that is kept on disk, head and tail; 64MiB when absent");
const STOP: OptionSchema = option(
    "stop",
    OptionType::Word(&["group", "everything"]),
    "who is stopped with the program: its process group, or whatever it started; \"group\" when absent",
);
const RUN: OptionSchema = option("run", OptionType::Argv, "a program with its arguments; no shell reads them");
const WRITE: OptionSchema =
    option("write", OptionType::Map("command.write"), "a file and its content; its rollback comes by itself");
const HTTP: OptionSchema = option("http", OptionType::Map("command.http"), "an HTTP request that changes something");
const TIMEOUT: OptionSchema = option("timeout", OptionType::Length, "after this time it is stopped");

static TABLES: &[Table] = &[
    Table {
        name: "runbook",
        usage: "runbook(#{ … })",
        help: "says what the runbook is; comes first, and returns the parameters",
        argument: Some(0),
        options: &[
            required("title", OptionType::Text, "one line for lists"),
            option("owner", OptionType::Text, "the team that answers for it"),
            option("serves", OptionType::Alerts, "the alerts that it answers"),
            option(
                "rehearse_on_alert",
                OptionType::Flag,
                "such an alert may start a rehearsal of it, where [serve.rehearse] allows that",
            ),
            option("budget", OptionType::Length, "the time that it promises to keep; breaking it is recorded and stops nothing"),
            option(
                "on_failure",
                OptionType::Word(&["stop", "rollback"]),
                "what happens when a step fails and nobody is there to ask",
            ),
            option("lock", OptionType::Names, "locks that no other run of the same state directory may have at the same time"),
            option(
                "lock_wait",
                OptionType::Length,
                "how long it waits for another run to give them back; as long as it takes when absent",
            ),
            option("params", OptionType::Parameters, "its parameters"),
            option(
                "rollback",
                OptionType::Flag,
                "`true` promises a way back for every command; `runbook check` holds it to that",
            ),
            option("links", OptionType::Texts, "addresses and files of the repository that help whoever runs it"),
        ],
    },
    Table {
        name: "runbook.params",
        usage: "params: #{ name: #{ … } }",
        help: "declares one parameter",
        argument: None,
        options: &[
            option(
                "type",
                OptionType::Word(&["string", "int", "float", "bool", "enum", "duration", "list", "secret"]),
                "the type of its values; string when absent",
            ),
            option("help", OptionType::Text, "what it is for"),
            option("fallback", OptionType::Value, "the value when none is given; required when absent"),
            option("pattern", OptionType::Text, "a regular expression that the whole text, or each item of a list, must match"),
            option("of", OptionType::Texts, "the values that may be chosen"),
            option("min", OptionType::Number, "the smallest value, or the least number of items"),
            option("max", OptionType::Number, "the largest value, or the greatest number of items; 100 for a list when absent"),
            option("from_label", OptionType::Text, "the label of an alert that fills it"),
        ],
    },
    Table {
        name: "check",
        usage: "check(name, || …, #{ … })",
        help: "looks and never changes; gives what the closure gave unless that is `false` or `()`",
        argument: Some(2),
        options: &[
            option("within", OptionType::Length, "it must pass within this time; until then a miss means another look"),
            option("during", OptionType::Length, "it must pass at every look for this time"),
            option("every", OptionType::Length, "the pause between two looks; 1s when absent"),
            option("advisory", OptionType::Flag, "a miss is noted and the run goes on"),
            option("expect", OptionType::Value, "the value that must be seen; a difference is shown as one"),
            option("assume", OptionType::Value, "what a rehearsal takes when a withheld change keeps the check from passing"),
        ],
    },
    Table {
        name: "command",
        usage: "command(name, #{ … })",
        help: "changes the world; gives what the program printed, or what the server answered",
        argument: Some(1),
        options: &[
            RUN,
            WRITE,
            HTTP,
            option("rollback", OptionType::Rollback, "the way back; it is in the journal before the change is made"),
            option("rollback_if_failed", OptionType::Flag, "the rollback is owed even when the command fails"),
            option("settled_by", OptionType::Closure, "tells whether the effect is there, after a crash left that open"),
            option("idempotent", OptionType::Flag, "running it twice is the same as running it once"),
            TIMEOUT,
            option("retry", OptionType::Retry, "how often it may be tried again after a failure"),
            option("assume", OptionType::Value, "what a rehearsal takes as its standard output, or as the answer's body"),
            ON,
            ENV,
            ENV_FILES,
            CWD,
            STDIN,
            PTY,
            INTERACTIVE,
            OUTPUT,
            STOP,
        ],
    },
    Table {
        name: "command.write",
        usage: "write: #{ … }",
        help: "gives a file its content",
        argument: None,
        options: &[
            required("path", OptionType::Text, "the file"),
            required("content", OptionType::Parts, "its whole content"),
            option(
                "mode",
                OptionType::Mode,
                "permission bits; kept as they are when absent (0644 for a new file); 0600 with secrets",
            ),
        ],
    },
    Table {
        name: "command.http",
        usage: "http: #{ … }",
        help: "sends a request that changes something",
        argument: None,
        options: &[
            option("method", OptionType::Text, "POST when absent"),
            required("url", OptionType::Text, "an http:// or https:// address"),
            option("headers", OptionType::PartsMap, "header fields"),
            option("json", OptionType::Json, "a body of JSON"),
            option("body", OptionType::Parts, "a body of text"),
            option("expect", OptionType::Statuses, "statuses that count as success; 200 to 299 when absent"),
            option("timeout", OptionType::Length, "how long an answer may take; 30s when absent"),
            CA,
        ],
    },
    Table {
        name: "command.retry",
        usage: "retry: #{ … }",
        help: "more attempts after a failure",
        argument: None,
        options: &[
            required("times", OptionType::Count, "how many more; 1 to 1000"),
            option("every", OptionType::Length, "the pause before each; 1s when absent"),
        ],
    },
    Table {
        name: "confirm",
        usage: "confirm(question, #{ … })",
        help: "asks a person; gives the choice or the text that they entered, else `true`",
        argument: Some(1),
        options: &[
            option("choices", OptionType::Texts, "the answers that may be chosen; yes or no when absent"),
            option("input", OptionType::Text, "a line of text is wanted instead; this says what"),
            option("details", OptionType::Text, "more to read before answering"),
            option("by", OptionType::Texts, "who may answer: names and @groups; whoever runs it when absent"),
            option("quorum", OptionType::Count, "how many different people must agree; 1 when absent"),
            option("not_self", OptionType::Flag, "the person who runs it may not answer"),
            option("deadline", OptionType::Length, "how long an answer may take"),
            option("escalate", OptionType::Texts, "who is asked next when nobody answered, each for one more deadline"),
            option("on_timeout", OptionType::Word(&["stop", "rollback", "proceed"]), "what silence means; stop when absent"),
            option("assume", OptionType::Text, "the choice or the text that a rehearsal takes, as it asks nobody"),
        ],
    },
    Table {
        name: "rollback",
        usage: "rollback(name, #{ … }) or rollback(name, || { … })",
        help: "adds to what is owed: a compensation that belongs to no single command",
        argument: Some(1),
        options: &[RUN, WRITE, HTTP, BACK_ON, ENV, ENV_FILES, CWD, STDIN, PTY, INTERACTIVE, OUTPUT, STOP],
    },
    Table {
        name: "phase",
        usage: "phase(name, #{ … }, || { … })",
        help: "groups steps; gives what the closure gave",
        argument: Some(1),
        options: &[
            option("budget", OptionType::Length, "the time that it promises to keep; breaking it is recorded and stops nothing"),
            option("lock", OptionType::Names, "locks that no other run of the same state directory may have at the same time"),
            option(
                "lock_wait",
                OptionType::Length,
                "how long it waits for another run to give them back; as long as it takes when absent",
            ),
        ],
    },
    Table {
        name: "parallel",
        usage: "parallel(name, items, #{ … }, |item| { … })",
        help: "does the same steps for many items, several at a time; gives a list of #{ ok, value, error, item, key }",
        argument: Some(2),
        options: &[
            option("max", OptionType::Count, "how many items at a time, 1 to 100; 10 when absent"),
            option(
                "max_failures",
                OptionType::Share,
                "how many items may fail before no other is begun and the whole fails; 0 when absent",
            ),
            option("key", OptionType::Text, "for items that are maps: the key whose value names the item"),
        ],
    },
    Table {
        name: "http::get",
        usage: "http::get(url, #{ … })",
        help: "in a check: what a server answers",
        argument: Some(1),
        options: &[
            option("headers", OptionType::PartsMap, "header fields"),
            option("timeout", OptionType::Length, "how long the answer may take; 10s when absent"),
            CA,
        ],
    },
    Table {
        name: "http::head",
        usage: "http::head(url, #{ … })",
        help: "in a check: the head of what a server answers",
        argument: Some(1),
        options: &[
            option("headers", OptionType::PartsMap, "header fields"),
            option("timeout", OptionType::Length, "how long the answer may take; 10s when absent"),
            CA,
        ],
    },
    Table {
        name: "exec::output",
        usage: "exec::output(argv, #{ … })",
        help: "in a check: what a program prints that only looks",
        argument: Some(1),
        options: &[
            option("timeout", OptionType::Length, "after this time it is stopped; 30s when absent"),
            LOOK_ON,
            ENV,
            ENV_FILES,
            CWD,
            STDIN,
        ],
    },
    Table {
        name: "tcp::open",
        usage: "tcp::open(\"host:port\", #{ … })",
        help: "in a check: whether a connection can be opened",
        argument: Some(1),
        options: &[option("timeout", OptionType::Length, "how long it may take; 5s when absent")],
    },
];

static TEST_TABLES: &[Table] = &[
    Table {
        name: "given",
        usage: "given(what, #{ … })",
        help: "in a test: what a look sees, what a check gives, how a command goes, what a person says; a list of such maps says it in turn",
        argument: Some(1),
        options: &[
            option("gives", OptionType::Value, "what a look sees, or what a check gives without looking"),
            option("fails", OptionType::Text, "the look cannot be taken, or the check fails, for this reason"),
            option("prints", OptionType::Text, "what a program prints"),
            option("exits", OptionType::Number, "its exit code; 0 when absent"),
            option("complains", OptionType::Text, "what a program that fails says on standard error"),
            option("status", OptionType::Number, "the status of a server's answer"),
            option("body", OptionType::Text, "the body of a server's answer"),
            option("headers", OptionType::PartsMap, "header fields of the answer to a look"),
            option("takes", OptionType::Length, "how long a command takes, on a clock that nobody waits for"),
            option(
                "says",
                OptionType::Word(&["yes", "no", "nothing"]),
                "what a person answers, \"nothing\" until the deadline; yes when nothing is given",
            ),
            option("chooses", OptionType::Text, "the choice that a person takes"),
            option("enters", OptionType::Text, "what a person types"),
            option("after", OptionType::Text, "for looks and checks: it counts once the change of this step took effect"),
        ],
    },
    Table {
        name: "given.all",
        usage: "given(#{ settings: #{ … }, params: #{ … } })",
        help: "in a test: settings and parameters, over those given before",
        argument: Some(0),
        options: &[
            option("settings", OptionType::Values, "over those of the configuration"),
            option("params", OptionType::Values, "the values of parameters; `run(#{ … })` is stronger"),
            option(
                "hosts",
                OptionType::Values,
                "groups of hosts, over those of the configuration: `#{ web: [\"web-1\", \"web-2\"] }`",
            ),
            option("env", OptionType::Text, "the environment whose settings the runbook gets"),
        ],
    },
];

/// The tables of options that only tests have.
#[must_use]
pub fn test_schema() -> &'static [Table] {
    TEST_TABLES
}

/// Every table of options.
#[must_use]
pub fn schema() -> &'static [Table] {
    TABLES
}

/// The table of this name; a name that is not in [`schema`] gives one without options.
pub(in crate::script) fn table(name: &str) -> &'static Table {
    static NONE: Table = Table { name: "", usage: "", help: "", argument: None, options: &[] };
    TABLES.iter().chain(TEST_TABLES).find(|table| table.name == name).unwrap_or(&NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_found_by_its_name_and_names_no_option_twice() {
        for table in schema() {
            assert_eq!(super::table(table.name), table);
            for option in table.options {
                assert_eq!(table.options.iter().filter(|other| other.name == option.name).count(), 1, "{}", option.name);
                if let OptionType::Map(name) = option.kind {
                    assert!(!super::table(name).options.is_empty(), "{name}");
                }
            }
        }
    }
}
