//! `hosts("web")` and the option `on`: where a command runs.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, NativeCallContext};
use runbook_model::host::{HERE, is_host};
use runbook_model::parameter::nearest;

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint, place};
use crate::script::functions::options::Options;
use crate::script::performing::stage::Stage;
use crate::script::values::json;
use crate::script::values::unknown::text;

pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    let stage = Arc::clone(stage);
    engine.register_fn("hosts", move |ctx: NativeCallContext, group: Dynamic| group_of(&ctx, &stage, &group));
}

/// The hosts of a group, as the run recorded them when it began.
fn group_of(ctx: &NativeCallContext, stage: &Stage, group: &Dynamic) -> Called<Array> {
    if let Some(unknown) = stage.unknown_in(group) {
        return Err(stage.unknowable(&unknown, place(ctx), "hosts"));
    }
    let Some(name) = text(group) else {
        let message = format!("`hosts` wants the name of a group, this is {}", json::named(group));
        return Complaint::new(ctx, Code::BadOption, message).raise();
    };
    let known = &stage.script.hosts;
    if let Some(hosts) = known.get(&name) {
        return Ok(hosts.iter().map(|host| host.clone().into()).collect());
    }
    let complaint = Complaint::new(ctx, Code::BadOption, format!("there is no group of hosts `{}`", name.escape_debug()));
    match nearest(&name, known.keys().map(String::as_str)) {
        Some(near) => complaint.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => {
            complaint.help("groups of hosts stand in `runbook.toml`: [hosts] web = [\"web-1\", \"web-2\"]")
        }
        None => complaint.help(format!("there are: {}", known.keys().cloned().collect::<Vec<_>>().join(", "))),
    }
    .raise()
}

/// Where a command runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum On {
    /// On this machine.
    Here,
    /// On this host.
    Host(String),
    /// On each of these, one step a host.
    Each(Vec<String>),
}

impl On {
    /// What the options of a command say.
    pub(super) fn of(options: &Options<'_>) -> Called<Self> {
        if let Some(host) = options.text("on") {
            // A module that serves this machine and others alike has one place for the name of either.
            if host == HERE {
                return Ok(Self::Here);
            }
            return valid(options, &host).map(|()| Self::Host(host));
        }
        if !options.has("on") {
            return Ok(Self::Here);
        }
        let hosts = options.texts("on");
        if hosts.is_empty() {
            let complaint = options.complain("on", Code::BadOption, "`on` names no host: the list is empty");
            return complaint.help("without `on` a command runs on this machine").raise();
        }
        for (at, host) in hosts.iter().enumerate() {
            valid(options, host)?;
            if hosts[..at].contains(host) {
                return options.complain("on", Code::BadOption, format!("`{host}` stands in `on` twice")).raise();
            }
        }
        Ok(Self::Each(hosts))
    }

    /// What the options of a rollback say: `None` when nothing, which means where its command ran.
    pub(super) fn of_rollback(options: &Options<'_>) -> Called<Option<Option<String>>> {
        match options.text("on") {
            Some(host) if host == HERE => Ok(Some(None)),
            Some(host) => valid(options, &host).map(|()| Some(Some(host))),
            None if options.has("on") => {
                let complaint = options.complain("on", Code::BadOption, "a rollback runs on one host");
                complaint.help("give a list of changes, each with its `on`").raise()
            }
            None => Ok(None),
        }
    }

    /// The one host that a look is taken on.
    pub(super) fn of_look(options: &Options<'_>) -> Called<Option<String>> {
        match Self::of(options)? {
            Self::Here => Ok(None),
            Self::Host(host) => Ok(Some(host)),
            Self::Each(_) => {
                let complaint = options.complain("on", Code::BadOption, "a look is taken on one host");
                complaint.help("write a loop: `for host in hosts(\"…\") { … }`").raise()
            }
        }
    }
}

fn valid(options: &Options<'_>, host: &str) -> Called<()> {
    // In a rehearsal, the mark of something that is not known yet may stand here.
    if is_host(host) || options.is_open(host) {
        return Ok(());
    }
    let complaint = options.complain("on", Code::BadOption, format!("`{}` is no name of a host", host.escape_debug()));
    if host == HERE {
        return complaint.help("`here` is this machine, and stands alone: give that command a step of its own").raise();
    }
    complaint.help("a name that `ssh` knows: letters, digits and `.-_@:%[]/+`, not beginning with `-`").raise()
}
