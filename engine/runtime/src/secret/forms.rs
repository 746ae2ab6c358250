//! The forms in which a value may turn up in output: as it is, and as programs encode it.

use std::fmt::Write as _;

/// A form of fewer bytes would be found everywhere.
const SHORTEST_FORM: usize = 6;

/// Columns at which `base64` and PEM break their lines.
const WRAPS: [usize; 2] = [76, 64];

/// The longest value, in bytes, that is known in Base64 with a line break at any place of it: its 64 letters reach over no more than
/// one. There are as many forms of it as it has letters, and that is too much for longer ones.
const LONGEST_BROKEN: usize = 48;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Signs that are left as they are in addresses, each program having its own idea of it, and whether a blank is a `+` there.
const PLAIN: [(&[u8], bool); 9] = [
    (b"-_.~", false),                 // RFC 3986
    (b"-_.~", true),                  // Go and Python, for a query
    (b"-_.*", true),                  // forms of pages, and Java
    (b"-_.!~*'()", false),            // `encodeURIComponent`
    (b"-_.!~*'();/?:@&=+$,#", false), // `encodeURI`
    (b"-_.~/", false),                // Python, for a path
    (b"-_.~$&+=:@", false),           // Go, for a part of a path
    (b"-_.~$&+,;=", false),           // Go, for the password before the host
    (b"-_.~!$%&'()*+,", false),       // browsers and node, for that password
];

/// Every form of a value that is looked for, none twice.
pub(super) fn forms(value: &str) -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = Vec::new();
    // A program may print the lines of a key one by one, each behind a prefix. Its frame (`-----BEGIN …`) is no secret.
    let lines = value.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    for text in [value, value.trim()].into_iter().chain(lines) {
        forms.extend(written(text));
        forms.extend(encoded(text.as_bytes()));
    }
    let text = value.trim().as_bytes();
    if text.len() <= LONGEST_BROKEN {
        forms.extend((0..3).flat_map(|before| broken(&inside(text, before, STANDARD))));
    }
    forms.retain(|form| form.len() >= SHORTEST_FORM);
    forms.sort();
    forms.dedup();
    forms
}

/// Ways to write a text inside another language.
fn written(text: &str) -> Vec<Vec<u8>> {
    let json = serde_json::to_string(text).unwrap_or_default();
    let json = json.trim_start_matches('"');
    let json = json.strip_suffix('"').unwrap_or(json).to_owned();
    let debug = format!("{text:?}");
    let debug = debug[1..debug.len() - 1].to_owned();
    let unix = text.replace('\n', "\r\n");
    let mut forms = vec![text.to_owned(), debug, unix];
    // As Python writes it, and as Go and PHP do, whose JSON may stand in a page.
    let json = [false, true].into_iter().flat_map(|capitals| {
        let page = page_json(&json, capitals);
        [json.clone(), json.replace('/', r"\/"), ascii_json(&json, capitals), ascii_json(&page, capitals), page]
    });
    for json in json {
        // What a log of JSON lines inside JSON does to it.
        forms.push(json.replace('\\', r"\\").replace('"', "\\\""));
        forms.push(json);
    }
    forms.extend([text.replace('\'', r"'\''"), text.replace('\'', r#"'"'"'"#), backslashed(text)]);
    // As bash declares a variable; and as SQL and YAML write it.
    forms.extend([escaped(text, "\\\"$`"), text.replace('\'', "''")]);
    forms.extend(quoted(text));
    forms.extend(markup(text));
    forms.into_iter().map(String::into_bytes).collect()
}

/// Inside the quotation marks of Python, of node, and of `$'…'` in bash: of each with and without an apostrophe to be told from the
/// one at the end, and with the numbers of letters beyond ASCII where the program has no language to show them in.
fn quoted(text: &str) -> impl Iterator<Item = String> {
    ["\\", "\\'"].into_iter().flat_map(|signs| {
        let text = escaped(text, signs);
        let bytes = |number: fn(u8) -> String| {
            text.bytes().map(|byte| if byte.is_ascii() { char::from(byte).to_string() } else { number(byte) }).collect()
        };
        let letters = text.chars().map(|c| match u32::from(c) {
            0..=0x7f => c.to_string(),
            code @ 0x80..=0xff => format!("\\x{code:02x}"),
            code @ 0x100..=0xffff => format!("\\u{code:04x}"),
            code => format!("\\U{code:08x}"),
        });
        let letters = letters.collect();
        [bytes(|byte| format!("\\{byte:03o}")), bytes(|byte| format!("\\x{byte:02x}")), letters, text]
    })
}

/// A text with a backslash before each of these signs.
fn escaped(text: &str, signs: &str) -> String {
    let before = |c: char| signs.contains(c).then_some('\\');
    text.chars().flat_map(|c| before(c).into_iter().chain([c])).collect()
}

/// Markup, by whichever name or number quotation marks go there.
fn markup(text: &str) -> impl Iterator<Item = String> {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let quotes = ["\"", "&quot;", "&#34;", "&#x22;"];
    let apostrophes = ["'", "&#39;", "&#x27;", "&apos;", "&#039;"];
    quotes.into_iter().flat_map(move |quote| {
        let text = text.replace('"', quote);
        apostrophes.into_iter().map(move |apostrophe| text.replace('\'', apostrophe))
    })
}

/// A word as bash's `printf %q` writes it.
fn backslashed(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if " !\"$&'()*,;<>?[\\]^`{|}".contains(c) || at == 0 && "#~".contains(c) {
            word.push('\\');
        }
        word.push(c);
    }
    word
}

/// JSON that may stand in a page.
fn page_json(json: &str, capitals: bool) -> String {
    let of = |lower: &str, upper: &str| if capitals { upper.to_owned() } else { lower.to_owned() };
    json.replace('&', r"\u0026").replace('<', &of(r"\u003c", r"\u003C")).replace('>', &of(r"\u003e", r"\u003E"))
}

/// JSON without a letter beyond ASCII, as Python writes it.
fn ascii_json(json: &str, capitals: bool) -> String {
    let mut text = String::new();
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let written = if capitals { write!(text, "\\u{unit:04X}") } else { write!(text, "\\u{unit:04x}") };
            debug_assert!(written.is_ok(), "writing to a text does not fail");
        }
    }
    text
}

/// Ways to write bytes as letters.
fn encoded(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![hex(bytes, false), hex(bytes, true)];
    for capitals in [false, true] {
        forms.extend(PLAIN.map(|(plain, blank_is_plus)| percent(bytes, capitals, plain, blank_is_plus)));
        // Each byte by its number.
        forms.push(bytes.iter().flat_map(|byte| [b"%", hex(&[*byte], capitals).as_slice()].concat()).collect());
    }
    for alphabet in [STANDARD, URL_SAFE] {
        let (whole, insides) = (base64(bytes, alphabet), [0, 1, 2].map(|before| inside(bytes, before, alphabet)));
        for columns in WRAPS.into_iter().filter(|columns| whole.len() > *columns) {
            forms.extend([&whole, &insides[0]].into_iter().flat_map(|letters| letters.chunks(columns).map(<[u8]>::to_vec)));
        }
        let padding = [whole.clone(), vec![b'='; (4 - whole.len() % 4) % 4]].concat();
        forms.extend([whole, padding]);
        forms.extend(insides);
    }
    forms
}

fn hex(bytes: &[u8], capitals: bool) -> Vec<u8> {
    let digits = if capitals { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    bytes.iter().flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]).collect()
}

fn percent(bytes: &[u8], capitals: bool, plain: &[u8], blank_is_plus: bool) -> Vec<u8> {
    let mut form = Vec::with_capacity(bytes.len() * 3);
    for &byte in bytes {
        match byte {
            b' ' if blank_is_plus => form.push(b'+'),
            byte if byte.is_ascii_alphanumeric() || plain.contains(&byte) => form.push(byte),
            byte => {
                form.push(b'%');
                form.extend(hex(&[byte], capitals));
            }
        }
    }
    form
}

/// Base64 without padding.
fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let mut form = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        form.extend((0..=group.len()).map(|at| alphabet[(bits >> (18 - 6 * at) & 63) as usize]));
    }
    form
}

/// The letters of Base64 that depend on the value alone when it stands behind `before` other bytes (modulo 3) of whatever is
/// encoded: those at its edges share their bits with its neighbours.
fn inside(bytes: &[u8], before: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let padded = [&[0; 2][..before], bytes].concat();
    let (first, last) = ((8 * before).div_ceil(6), 8 * padded.len() / 6);
    base64(&padded, alphabet)[first.min(last)..last].to_vec()
}

/// Letters with the end of a line at each place between two of them.
fn broken(letters: &[u8]) -> Vec<Vec<u8>> {
    let ends: [&[u8]; 2] = [b"\n", b"\r\n"];
    let at_each = |end: &[u8]| (1..letters.len()).map(|at| [&letters[..at], end, &letters[at..]].concat()).collect::<Vec<_>>();
    ends.into_iter().flat_map(at_each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn has(forms: &[Vec<u8>], text: &str) -> bool {
        forms.iter().any(|form| form == text.as_bytes())
    }

    #[test]
    fn well_known_programs_agree() {
        let forms = forms("p@ss wörd/1\"x");
        for text in [
            "p@ss wörd/1\"x",
            r#"p@ss wörd/1\"x"#,
            r#"p@ss w\u00f6rd/1\"x"#,
            r#"p@ss w\u00F6rd/1\"x"#,
            "p%40ss%20w%C3%B6rd%2F1%22x",
            "p%40ss+w%C3%B6rd%2F1%22x",
            "p%40ss%20w%c3%b6rd%2f1%22x",
            "cEBzcyB3w7ZyZC8xIng=",
            "cEBzcyB3w7ZyZC8xIng",
            "7040737320 77c3b672642f312278".replace(' ', "").as_str(),
            "7040737320 77C3B672642F312278".replace(' ', "").as_str(),
            "p@ss wörd/1&quot;x",
        ] {
            assert!(has(&forms, text), "{text}");
        }
    }

    #[test]
    fn what_quotes_for_pages_and_shells_is_known() {
        let value = "Tr0ub&4<dor>'s \"pass\" wörd";
        let forms = forms(value);
        for text in [
            r#"Tr0ub\u00264\u003cdor\u003e's \"pass\" wörd"#,
            r#"Tr0ub\u00264\u003Cdor\u003E's \"pass\" wörd"#,
            r#"Tr0ub\\u00264\\u003cdor\\u003e's \\\"pass\\\" wörd"#,
            r#"Tr0ub&4<dor>'s \\\"pass\\\" w\\u00f6rd"#,
            r#"Tr0ub&4<dor>'"'"'s "pass" wörd"#,
            r#"Tr0ub\&4\<dor\>\'s\ \"pass\"\ wörd"#,
            r#"Tr0ub&amp;4&lt;dor&gt;'s "pass" wörd"#,
            "Tr0ub&amp;4&lt;dor&gt;&#x27;s &quot;pass&quot; wörd",
            "Tr0ub&amp;4&lt;dor&gt;&#39;s &#34;pass&#34; wörd",
            "Tr0ub&amp;4&lt;dor&gt;&apos;s &quot;pass&quot; wörd",
        ] {
            assert!(has(&forms, text), "{text}");
        }
    }

    /// What these programs printed themselves for this value.
    #[test]
    fn what_quotes_in_logs_and_statements_is_known() {
        let forms = forms("pä\"s\\w'rd$x€");
        for text in [
            r#"pä"s\\w\'rd$x€"#,                   // Python: repr
            r#"p\xe4"s\\w\'rd$x\u20ac"#,           // Python: ascii
            r#"p\xc3\xa4"s\\w\'rd$x\xe2\x82\xac"#, // Python: bytes
            r#"p\303\244"s\\w\'rd$x\342\202\254"#, // bash without a locale: printf %q, set -x
            r#"pä"s\\w'rd$x€"#,                    // node: a text in an object
            r#"pä\"s\\w'rd\$x€"#,                  // bash: declare -p
            r#"pä"s\w''rd$x€"#,                    // SQL, YAML
        ] {
            assert!(has(&forms, text), "{text}");
        }
    }

    #[test]
    fn addresses_are_known_however_carefully_they_are_written() {
        let forms = forms("p ~%!$&'()*+,;=:@/[^");
        for text in [
            "p+~%25%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40%2F%5B%5E", // Python: quote_plus, Go: QueryEscape
            "p%20~%25%21$&%27%28%29%2A+%2C%3B=:@%2F%5B%5E",           // Go: PathEscape
            "p%20~%25%21$&%27%28%29%2A+,;=%3A%40%2F%5B%5E",           // Go: UserPassword
            "p%20~%!$&'()*+,%3B%3D%3A%40%2F%5B%5E",                   // browsers and node: new URL().password
        ] {
            assert!(has(&forms, text), "{text}");
        }
    }

    /// The shell itself says how it quotes.
    #[test]
    fn bash_quotes_like_that() {
        let all: String = (' '..='~').collect();
        let values = [all.as_str(), "#start", "~start", "a#b~c", "Tr0ub4dor&3-pass", "don't-tell-<me>"];
        for value in values {
            let asked =
                std::process::Command::new("bash").args(["-c", "printf %q \"$1\"", "bash", value]).output().expect("bash");
            assert_eq!(backslashed(value), String::from_utf8_lossy(&asked.stdout), "{value}");
        }
    }

    /// Also where the value stands in the middle of what is encoded, and a line ends within it.
    #[test]
    fn base64_in_lines_is_known_wherever_they_end() {
        for value in
            ["hunter", "Tr0ub4dor&3-pässword", "ghp_0123456789abcdefghijklmnopqrstuvwxyzABCD", &"x".repeat(LONGEST_BROKEN)]
        {
            let forms = forms(value);
            for (before, columns, end) in (0..80)
                .flat_map(|before| WRAPS.into_iter().flat_map(move |columns| ["\n", "\r\n"].map(|end| (before, columns, end))))
            {
                let whole = [vec![b'-'; before].as_slice(), value.as_bytes(), b"\n# behind it\n"].concat();
                let letters = base64(&whole, STANDARD);
                // Those that the value alone decides.
                let (first, last) = ((8 * before).div_ceil(6), 8 * (before + value.len()) / 6);
                let lines = |letters: &[u8], from: usize| {
                    let ends = |at: usize| if at > 0 && (from + at).is_multiple_of(columns) { end } else { "" };
                    letters
                        .iter()
                        .enumerate()
                        .map(|(at, letter)| format!("{}{}", ends(at), char::from(*letter)))
                        .collect::<String>()
                };
                assert!(has(&forms, &lines(&letters[first..last], first)), "{value} behind {before} bytes in lines of {columns}");
            }
        }
    }

    #[test]
    fn the_last_line_of_a_long_value_in_base64_is_known_with_something_behind_it() {
        let value = "x-1.".repeat(25);
        let (forms, letters) = (forms(&value), base64(format!("{value}zzz").as_bytes(), STANDARD));
        let letters = &letters[..134];
        for line in letters.chunks(76) {
            let known = forms.iter().any(|form| form.len() + 2 >= line.len() && line.starts_with(form));
            assert!(known, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn each_line_of_a_key_counts_and_its_frame_does_not() {
        let forms = forms("-----BEGIN KEY-----\nc2VjcmV0MQ\n  c2VjcmV0Mg\nab\n-----END KEY-----\n");
        assert!(has(&forms, "c2VjcmV0MQ") && has(&forms, "c2VjcmV0Mg"));
        assert!(!has(&forms, "-----BEGIN KEY-----") && !has(&forms, "ab"));
    }

    proptest! {
        /// Whatever stands around a value before it is encoded, one of its forms stands in the result.
        #[test]
        fn base64_is_found_at_any_place(
            before in prop::collection::vec(any::<u8>(), 0..7),
            value in "[ -~äß€]{6,30}",
            after in prop::collection::vec(any::<u8>(), 0..7),
        ) {
            let whole = [before.as_slice(), value.as_bytes(), after.as_slice()].concat();
            let forms = forms(&value);
            for alphabet in [STANDARD, URL_SAFE] {
                let text = base64(&whole, alphabet);
                prop_assert!(forms.iter().any(|form| text.windows(form.len()).any(|window| window == form)));
            }
        }
    }
}
