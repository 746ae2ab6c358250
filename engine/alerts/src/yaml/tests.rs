use proptest::prelude::*;

use super::*;

fn one(text: &str) -> std::sync::Arc<Node> {
    let (documents, unread) = read(text);
    assert_eq!(unread, None, "{text}");
    documents.into_iter().next().expect("a document")
}

#[test]
fn places_are_bytes_lines_and_columns_whatever_the_characters() {
    for text in ["é: ü\r\nkey: value\r\n", "a: b\nkey: value\n", "\n\n  é: [ä, ö]\n  key: \"value\"\n"] {
        let node = one(text);
        let value = node.get("key").unwrap();
        let at = text.find("key").unwrap() + "key: ".len();
        assert_eq!(value.start.byte, at, "{text:?}");
        assert_eq!(value.start.line, text[..at].matches('\n').count() + 1);
        assert!(text[value.start.byte..value.end.byte].contains("value"));
    }
}

#[test]
fn a_billion_laughs_stay_small_and_depth_is_bounded() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..40 {
        let before = n - 1;
        text.push_str(&format!("a{n}: &a{n} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n"));
    }
    assert_eq!(read(&text).1, None);
    for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(10_000)] {
        assert!(read(&deep).1.is_some());
    }
    assert!(read("a: &x [*x]").1.is_some());
    assert!(read::bounded(&"- a\n".repeat(1_001), 1_000).1.unwrap().message.contains("more than 1000 values"));
}

#[test]
fn a_key_that_stands_twice_is_refused_with_its_line() {
    let unread = read("a:\n  b: 1\n  c: 2\n  b: 3\n").1.unwrap();
    assert_eq!((unread.place.line, unread.message.as_str()), (4, "the key `b` stands there twice"));
    assert_eq!(read("a: {b: 1}\nc: {b: 1}\n").1, None);
}

#[test]
fn merged_keys_are_found_behind_own_ones() {
    let node = one("base: &b {x: 1, y: 2}\nuser:\n  <<: *b\n  x: 3\n");
    let user = node.get("user").unwrap();
    assert_eq!((user.text_of("x"), user.text_of("y")), (Some("3"), Some("2")));
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    assert_eq!(decode(b"a: 1\nb: \xe9\n").unwrap_err().place.line, 2);
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain("a: é".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(decode(&utf16).unwrap().text, "a: é");
    assert_eq!(decode(b"\xef\xbb\xbfa: 1").unwrap(), Text { text: "a: 1".to_owned(), mark: 3, same_bytes: true });
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in "([a-c:\\-\\[\\]{},&*|>\"'#! \n\t]|é|<<){0,80}") {
        let (documents, _) = read(&text);
        for document in documents {
            drop(document.last_line().to_string());
        }
    }
}
