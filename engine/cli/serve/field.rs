//! A parameter in a form: its label, a field, and where its value comes from.

use runbook_alerts::proposal::Proposal;
use runbook_model::parameter::{Kind, Origin, Parameter, list};

use super::open_page::Occasion;
use super::shell::quoting;
use crate::dossier::html::escape;

/// A list of more items than this comes with a question: whether its reader knows how many they are.
pub(super) const LARGE: usize = 5;

/// The field of a parameter.
pub(super) fn shown(name: &str, parameter: &Parameter, proposal: &Proposal, occasion: &Occasion, secrets: &[String]) -> String {
    let (id, shown) = (format!("p-{}", escape::line(name)), escape::line(name));
    let proposed = proposal.values.get(name);
    let fallback = parameter.fallback.as_ref().map(as_text);
    // What was typed where the name of a secret is wanted may be the secret: it does not come back.
    let typed = occasion.typed.get(name).filter(|typed| parameter.kind != Kind::Secret || secrets.contains(typed));
    let value = typed.or(proposed.map(|(value, _)| value)).or(fallback.as_ref()).cloned().unwrap_or_default();
    let origin = match proposed.filter(|(proposed, _)| same(parameter, proposed, &value)).map(|(_, origin)| origin) {
        Some(Origin::Alert) => "<span class=\"from\">from the alert</span>",
        Some(Origin::Link) => "<span class=\"from link\">from the link</span>",
        _ if typed.is_some() => "<span class=\"from\">typed</span>",
        _ if fallback.is_some() => "<span class=\"from\">what it is when nothing is said</span>",
        _ => "<span class=\"from\">wanted</span>",
    };
    let help =
        parameter.help.as_ref().map(|help| format!(" <span class=\"aside\">{}</span>", escape::line(help))).unwrap_or_default();
    let attributes = format!("id=\"{id}\" name=\"p.{shown}\" aria-describedby=\"{id}-from\"");
    let control = control(parameter, &attributes, &value, secrets);
    let mut text = format!("<label for=\"{id}\">{shown}{help}</label>\n{control}\n<p id=\"{id}-from\">{origin}");
    for (_, value, want) in proposal.refused.iter().filter(|(refused, ..)| refused == name) {
        text.push_str(&format!(
            "<br><span class=\"wrong\">not taken: <code>{}</code>; {}</span>",
            escape::line(value),
            quoting(want)
        ));
    }
    text.push_str("</p>\n");
    if proposed.is_some_and(|(_, origin)| *origin == Origin::Link) {
        text.push_str(&asked_again(&id, &format!("again.{shown}"), &format!("{shown} once more, to run for real")));
    }
    let count = if parameter.kind == Kind::List { items(&value).len() } else { 0 };
    if count > LARGE && proposed.is_some() {
        let label = format!("How many are these? Type {count} to run for real");
        text.push_str(&asked_again(&format!("{id}-count"), &format!("count.{shown}"), &label));
    }
    text
}

fn asked_again(id: &str, name: &str, label: &str) -> String {
    format!(
        "<label for=\"{id}-again\">{label}</label>\n<input id=\"{id}-again\" name=\"{name}\" \
         autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\">\n"
    )
}

fn control(parameter: &Parameter, attributes: &str, value: &str, secrets: &[String]) -> String {
    let required = if parameter.fallback.is_none() { " required" } else { "" };
    let plain = "autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\"";
    match parameter.kind {
        Kind::Enum => choices(attributes, &parameter.of.iter().map(String::as_str).collect::<Vec<_>>(), value, required),
        Kind::Bool => choices(attributes, &["true", "false"], value, required),
        // A name, never a value; a pattern of [secrets] knows more names than can be listed.
        Kind::Secret => choices(attributes, &secrets.iter().map(String::as_str).collect::<Vec<_>>(), value, required),
        Kind::List => {
            let lines = items(value);
            format!(
                "<textarea {attributes} rows=\"{}\"{required} {plain}>\n{}</textarea>\n<p class=\"aside\">one a line{}</p>",
                lines.len().clamp(2, 12),
                escape::block(lines.join("\n").as_bytes()),
                if lines.is_empty() { String::new() } else { format!("; these are {}", lines.len()) },
            )
        }
        kind => {
            let mode = if matches!(kind, Kind::Int | Kind::Float) { " inputmode=\"decimal\"" } else { "" };
            format!("<input {attributes} value=\"{}\"{mode}{required} {plain}>", escape::line(value))
        }
    }
}

/// A choice of values. A browser takes the first one when none is selected, which nobody chose: so before them stands one that is
/// no value, and that the browser does not send where one is `required`.
fn choices(attributes: &str, values: &[&str], chosen: &str, required: &str) -> String {
    let option = |value: &&str| {
        let selected = if *value == chosen { " selected" } else { "" };
        format!("<option{selected}>{}</option>", escape::line(value))
    };
    let none = if values.contains(&chosen) { "" } else { "<option value=\"\" selected>choose…</option>" };
    format!("<select {attributes}{required}>{none}{}</select>", values.iter().map(option).collect::<String>())
}

/// The items of a list as it is typed here: one a line, or as anywhere else.
fn items(text: &str) -> Vec<String> {
    let read = Parameter { kind: Kind::List, max: Some(f64::MAX), ..Parameter::default() }.read(text);
    let items =
        |value: runbook_model::Value| Some(value.as_array()?.iter().filter_map(|item| Some(item.as_str()?.to_owned())).collect());
    read.ok().and_then(items).unwrap_or_default()
}

/// What was sent for a parameter, as it is typed elsewhere: a list comes one item a line, and each item once. What nobody has touched
/// is what was proposed, also where an item holds a comma.
pub(super) fn sent(parameter: &Parameter, text: &str, proposed: Option<&str>) -> String {
    if parameter.kind != Kind::List || is_json(text) {
        return text.to_owned();
    }
    if let Some(proposed) = proposed
        && escape::block(text.as_bytes()) == lines(proposed)
    {
        return list::text(&items(proposed));
    }
    let mut items: Vec<String> = Vec::new();
    for item in text.split(['\n', '\r', ',']).map(str::trim).filter(|item| !item.is_empty()) {
        if !items.iter().any(|known| known == item) {
            items.push(item.to_owned());
        }
    }
    list::text(&items)
}

/// A list as JSON. An address of IPv6 begins like one: `[::1]:9100`.
fn is_json(text: &str) -> bool {
    text.trim_start().strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(['"', ']']))
}

/// A list as its field shows it.
fn lines(text: &str) -> String {
    escape::block(items(text).join("\n").as_bytes())
}

/// Whether two texts are the same value to whoever reads them in a field. What was proposed comes back as it was shown: a list without
/// the spaces around its items, and what cannot be seen by its name.
pub(super) fn same(parameter: &Parameter, one: &str, other: &str) -> bool {
    match parameter.kind {
        Kind::List => lines(one) == lines(other),
        _ => escape::line(one) == escape::line(other),
    }
}

/// Whether anything of what was proposed is in what was sent: of a list, any of its items.
pub(super) fn keeps(parameter: &Parameter, proposed: &str, text: &str) -> bool {
    if parameter.kind != Kind::List {
        return same(parameter, proposed, text);
    }
    let sent: Vec<_> = items(text).iter().map(|item| escape::line(item)).collect();
    items(proposed).iter().any(|item| sent.contains(&escape::line(item)))
}

/// How many items a list has that was sent; 0 of anything else.
pub(super) fn count(parameter: &Parameter, text: &str) -> usize {
    if parameter.kind == Kind::List { items(text).len() } else { 0 }
}

/// A value as one would type it.
pub(super) fn as_text(value: &runbook_model::Value) -> String {
    // A list of anything else stays as it is: whoever judges it says so, and nothing of it is left out.
    let texts =
        value.as_array().and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>());
    match texts {
        Some(items) => list::text(&items),
        None => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_comes_one_a_line_and_is_the_same_as_anywhere_else() {
        let hosts = Parameter { kind: Kind::List, ..Parameter::default() };
        assert_eq!(sent(&hosts, " a\r\nb, c\n\na\n", None), "a,b,c");
        assert_eq!(count(&hosts, "a,b,c"), 3);
        assert_eq!(as_text(&serde_json::json!(["a", "b"])), "a,b");
        assert_eq!(as_text(&serde_json::json!(["a", 5])), r#"["a",5]"#);
        assert_eq!(sent(&Parameter::default(), "a\nb", None), "a\nb");
        assert_eq!(sent(&hosts, "[::1]:9100\r\nb", None), r#"["[::1]:9100","b"]"#);
        assert_eq!(sent(&hosts, r#" [ "a" ]"#, None), r#" [ "a" ]"#);
        let proposed = r#"["a,b","[::1]:9100"]"#;
        assert_eq!(sent(&hosts, "a,b\r\n[::1]:9100", Some(proposed)), proposed);
        let field = shown(
            "hosts",
            &hosts,
            &Proposal::default(),
            &Occasion { typed: [("hosts".to_owned(), "a,</textarea>".to_owned())].into(), ..Occasion::default() },
            &[],
        );
        assert_eq!(field.matches("</textarea>").count(), 1, "{field}");
    }

    #[test]
    fn what_comes_back_as_it_was_shown_is_what_was_proposed() {
        let [hosts, text] = [Kind::List, Kind::String].map(|kind| Parameter { kind, ..Parameter::default() });
        for proposed in ["a,b", "a, b", " a ,b,", r#"["a","b"]"#, r#"["a", "b"]"#] {
            assert!(same(&hosts, proposed, &sent(&hosts, "a\r\nb", Some(proposed))), "{proposed}");
        }
        assert!(!same(&hosts, "a,b", "b,a") && !same(&hosts, "a,b", "a"));
        assert!(same(&text, "a\u{200b}", "a\\u{200b}") && same(&text, "a\u{fdd0}", "a\u{fffd}"));
        assert!(!same(&text, "a b", "a  b") && !same(&text, "a", "A"));
        assert!(keeps(&hosts, "a,b", "b,c") && !keeps(&hosts, "a,b", "c") && !keeps(&hosts, "", "a"));
        assert!(keeps(&text, "a", "a") && !keeps(&text, "a", "a,b"));
    }

    #[test]
    fn what_was_typed_in_place_of_a_secrets_name_does_not_come_back() {
        let token = Parameter { kind: Kind::Secret, ..Parameter::default() };
        let occasion = Occasion { typed: [("token".to_owned(), "hunter2".to_owned())].into(), ..Occasion::default() };
        let field = shown("token", &token, &Proposal::default(), &occasion, &["db/password".to_owned()]);
        assert!(!field.contains("hunter2") && field.contains("<option>db/password</option>"), "{field}");
    }

    /// A browser takes the first option of a list in which none is selected: nobody would have chosen it.
    #[test]
    fn nothing_is_chosen_for_whoever_has_to_choose() {
        let of = vec!["blue".to_owned(), "green".to_owned()];
        let colour = Parameter { kind: Kind::Enum, of, ..Parameter::default() };
        let field = |parameter: &Parameter, typed: &str| {
            let typed = [("colour".to_owned(), typed.to_owned())].into();
            shown("colour", parameter, &Proposal::default(), &Occasion { typed, ..Occasion::default() }, &["a/b".to_owned()])
        };
        let open = " required><option value=\"\" selected>choose…</option><option>";
        for wanted in [
            &colour,
            &Parameter { kind: Kind::Bool, ..Parameter::default() },
            &Parameter { kind: Kind::Secret, ..Parameter::default() },
        ] {
            for typed in ["", "red"] {
                let field = field(wanted, typed);
                assert!(field.contains(open) && field.matches(" selected").count() == 1, "{field}");
            }
        }
        let chosen = field(&colour, "green");
        assert!(chosen.contains("<option selected>green</option>") && !chosen.contains("choose"), "{chosen}");
        let with_fallback = Parameter { fallback: Some("blue".into()), ..colour };
        let given = shown("colour", &with_fallback, &Proposal::default(), &Occasion::default(), &[]);
        assert!(given.contains("<option selected>blue</option>") && !given.contains("required"), "{given}");
    }
}
