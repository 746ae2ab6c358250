//! What the sentences about Rhai's functions say of the edges, tried.

use crate::script::language::sandbox;

/// Each of these is `true`, and said in a table.
const EDGES: &[&str] = &[
    // Text.
    "`aéb`.len == 3 && `aéb`.bytes == 4 && \" \".is_empty == false",
    "let t = \"ab\"; t += 1; t.append('c'); t == \"ab1c\"",
    "let t = \"abcd\"; t.crop(9); t == \"\"",
    "let t = \"abcd\"; t.crop(1, 2); t == \"bc\"",
    "\"abc\".get(9) == () && \"abc\".get(-1) == 'c'",
    "\"abca\".index_of(\"a\", 1) == 3 && \"abc\".index_of('x') == -1",
    "max(\"a\", \"B\") == \"a\" && min('a', 'B') == 'B'",
    "let t = \"abc\"; t.pad(7, \"xy\"); t == \"abcxyxy\"",
    "let t = \"abc\"; t.pad(2, 'x'); t == \"abc\"",
    "parse_int(\" 12 \") == 12 && parse_int(\"ff\", 16) == 255 && parse_float(\" 1.5 \") == 1.5",
    "parse_json(\"null\") == () && parse_json(\"[1]\")[0] == 1",
    "let t = \"abc\"; t.pop() == 'c' && t.pop(1) == \"b\" && t == \"a\"",
    "let t = \"\"; t.pop() == ()",
    "let t = \"abab\"; t.remove(\"b\"); t == \"aa\"",
    "let t = \"abab\"; t.remove('a'); t == \"bb\"",
    "let t = \"abab\"; t.replace('b', \"xy\"); t == \"axyaxy\"",
    "let t = \"abc\"; t.set(9, 'x'); t.set(-1, 'z'); t == \"abz\"",
    "\" a \\n b \".split() == [\"a\", \"b\"] && \"a,b,c\".split(',', 2) == [\"a\", \"b,c\"]",
    "\"abc\".split(1) == [\"a\", \"bc\"] && \"abc\".split(-1) == [\"ab\", \"c\"]",
    "\"a,b,c\".split_rev(',') == [\"c\", \"b\", \"a\"] && \"a,b,c\".split_rev(\",\", 2) == [\"c\", \"a,b\"]",
    "\"abc\".sub_string(9) == \"\" && \"abc\".sub_string(1, 9) == \"bc\" && \"abc\".sub_string(0..=1) == \"ab\"",
    "'a'.to_int() == 97 && 'a'.to_upper() == 'A'",
    "let t = \" a\\n\"; t.trim(); t == \"a\"",
    "let t = \"abc\"; t.truncate(2); t == \"ab\"",
    // Lists.
    "[].all(|x| false) && ![].some(|x| true)",
    "let l = [1, 2, 3]; l.chop(2); l == [2, 3]",
    "let l = [1, 1, 2, 1]; l.dedup(); l == [1, 2, 1]",
    "let l = [1, 2, 3]; l.drain(|x| x > 1) == [2, 3] && l == [1]",
    "let l = [1, 2, 3]; l.extract(1, 9) == [2, 3] && l.extract(9) == [] && l == [1, 2, 3]",
    "[5, 6, 7].filter(|x, at| at > 0) == [6, 7] && [5].map(|x| x + 1) == [6]",
    "[1, 2].find(|x| x > 2) == () && [1, 2, 3].find(|x| x > 0, 1) == 2",
    "[1, 2].find_map(|x| if x > 1 { x * 2 }) == 4",
    "let l = [1, 2]; l.for_each(|| this += 1); l == [2, 3]",
    "let l = [1, 2]; l.for_each(|at| this += at); l == [1, 3]",
    "[1].get(5) == () && [1, 2].get(-1) == 2",
    "[1, 2].index_of(3) == -1 && [1, 2].index_of(|x| x > 1) == 1 && [1, 2, 1].index_of(1, 1) == 2",
    "let l = [1, 2]; l.insert(9, 3); l.insert(0, 0); l == [0, 1, 2, 3]",
    "let l = [2, 1]; l.order() == [1, 2] && l.order_desc() == [2, 1] && l.order_by(|a, b| a < b) == [1, 2] && l == [2, 1]",
    "let l = [1]; l.pad(3, 0); l == [1, 0, 0]",
    "let l = []; l.pop() == () && l.shift() == () && l.remove(0) == ()",
    "[1, 2].reduce(|sum, x| if sum == () { x } else { sum + x }) == 3 && [1, 2].reduce(|sum, x| sum - x, 10) == 7",
    "[1, 2].reduce_rev(|sum, x| sum + x, \"\") == \"21\"",
    "let l = [1, 2, 3]; l.retain(|x| x > 1) == [1] && l == [2, 3]",
    "let l = [1, 2, 3]; l.retain(9, 1) == [] && l == [1, 2, 3] && l.retain(1..2) == [1, 3] && l == [2]",
    "let l = [1]; l.set(5, 9); l.set(0, 2); l == [2]",
    "let l = [1, 3, 2]; l.sort_by(|a, b| b - a); l == [3, 2, 1]",
    "let l = [1, 3, 2]; l.sort_desc(); l == [3, 2, 1]",
    "let l = [1, 2, 3]; l.splice(0, 2, [9]); l.splice(8, 1, [4]); l == [9, 3, 4]",
    "let l = [1, 2, 3]; l.split(1) == [2, 3] && l == [1] && l.split(5) == []",
    "[1, 2].zip([3], |x, y| x + y) == [4]",
    // Maps.
    "let m = #{ b: 2, a: 1 }; m.keys() == [\"a\", \"b\"] && m.values() == [1, 2] && m.len() == 2",
    "let m = #{ len: 7 }; m.len == 7 && m.get(\"x\") == () && m.remove(\"x\") == ()",
    "let m = #{ a: 1, b: 2 }; m.drain(|key, value| value > 1) == #{ b: 2 } && m == #{ a: 1 }",
    "#{ a: 1, b: 2 }.filter(|key, value| key == \"a\" && value == 1) == #{ a: 1 }",
    "#{ a: 1 }.map(|key, value| key + value) == #{ a: \"a1\" }",
    "let m = #{ a: 1 }; m.fill_with(#{ a: 2, b: 3 }); m == #{ a: 1, b: 3 }",
    "let m = #{ a: 1 }; m.mixin(#{ a: 2 }); m == #{ a: 2 }",
    "let m = #{ a: 1, b: 2 }; m.retain(|key, value| value > 1) == #{ a: 1 } && m == #{ b: 2 }",
    "#{ a: [1, ()] }.to_json() == \"{\\\"a\\\":[1,null]}\"",
    // Numbers.
    "1.5.int == 1.0 && (-1.5).fraction == -0.5 && 1.2.ceiling == 2.0 && (-1.2).floor == -2.0",
    "2.5.round == 3.0 && (-2.5).round == -3.0",
    "(1.0 / 0.0).is_infinite && (0.0 / 0.0).is_nan && sqrt(-1.0).is_nan && ln(-1.0).is_nan",
    "asin(2.0).is_nan && acos(2.0).is_nan && atanh(2.0).is_nan && acosh(0.5).is_nan",
    "log(100.0) == 2.0 && log(8.0, 2.0).round == 3.0",
    "max(1, 2.0) == 2.0 && type_of(max(3, 2.0)) == \"f64\"",
    "sign(-2.5) == -1 && sign(0) == 0 && abs(-3) == 3",
    "to_binary(5) == \"101\" && to_hex(-1) == \"ffffffffffffffff\" && to_octal(8) == \"10\" && to_binary(-1).len == 64",
    "to_int(-1.9) == -1",
    "(atan(1.0, -1.0) * 4.0 / PI()).round == 3.0",
    "let all = 0; for bit in 5.bits { all += 1; } all == 64",
    "get_bit(1, 0) && get_bit(-1, -1) && get_bits(0b1100, 2, 2) == 3 && get_bits(0b1100, 2..=3) == 3",
    "let n = 0; n.set_bit(3, true); n.set_bits(0, 2, 7); n == 11",
    // Bytes.
    "let b = blob(2, 257); b.get(0) == 1 && b.get(9) == 0 && b.len == 2 && blob().is_empty",
    "let b = blob(); b.pop() == 0 && b.shift() == 0 && b.remove(0) == 0",
    "let b = blob(); b.append(\"é\"); b.len == 2 && b.as_string() == \"é\" && b.to_array() == [195, 169]",
    "let sum = 0; for byte in blob(2, 200) { sum += byte; } sum == 400 && type_of(blob(1)[0]) == \"i64\"",
    "let t = \"\"; for byte in \"é\".to_blob() { t += byte.to_hex(); } t == \"c3a9\"",
    "let b = blob(1, 255); b.as_string() == \"�\"",
    "let b = blob(2, 1); b.parse_le_int(0, 2) == 257 && b.parse_be_int(0, 1) == 1 << 56 && b.parse_le_int(1, 1) == 1",
    "let b = blob(2, 0); b.write_be(0, 2, 1); b.to_array() == [0, 0]",
    "let b = blob(2, 0); b.write_le(0, 2, 258); b.to_array() == [2, 1]",
    "let b = blob(3, 0); b.write_ascii(0, 9, \"aéb\"); b.to_array() == [97, 98, 0]",
    "let b = blob(2, 0); b.write_utf8(0, 2, \"aé\"); b.to_array() == [97, 195]",
    "let b = blob(2, 1); b.splice(0, 0, blob(1, 9)); b.to_array() == [1, 1, 9]",
    "let b = blob(3, 1); b.retain(0, 1).len == 2 && b.len == 1",
    "let b = blob(3, 1); b.split(1).len == 2 && b.len == 1 && b.split(7).is_empty",
    "let b = blob(1, 1); b.set(9, 1); b.insert(9, 2); b.pad(3, 7); b.to_array() == [1, 2, 7]",
    // Ranges.
    "(1..5).end == 5 && (1..=5).is_inclusive && (5..5).is_empty && !(1..5).contains(5) && 5 in 1..=5",
    "let l = []; for n in range(5, 0, -2) { l.push(n); } l == [5, 3, 1]",
    "let l = []; for n in range(0..5, 2) { l.push(n); } l == [0, 2, 4]",
    // Functions and any value.
    "let f = |x| x + 1; f.is_anonymous && f.call(1) == 2 && !Fn(\"nothing\").is_anonymous",
    "let t = 41; let f = |x| this + x; t.call(f, 1) == 42",
    "let x = 1; x.set_tag(7); x.tag == 7 && 1.tag == 0",
    "let x = 1; x.tag = 8; x.tag == 8",
    "let x = 1; take(x) == 1 && x == ()",
    "to_debug(\"a\") == \"\\\"a\\\"\" && to_string(()) == \"\" && type_of(1) == \"i64\" && type_of([]) == \"array\"",
    "type_of(1.0) == \"f64\" && type_of(\"\") == \"string\" && type_of(#{}) == \"map\" && type_of(()) == \"()\"",
    "let x = 1; let f = || x; is_shared(x) && is_def_var(\"x\") && !is_def_fn(\"g\", 1)",
];

/// Each of these is an error, and said in a table.
const ERRORS: &[&str] = &[
    "parse_int(\"12x\")",
    "parse_int(\"1\", 37)",
    "parse_json(\"[1,]\")",
    "let l = [1]; l[5]",
    "let l = [1, \"a\"]; l.sort()",
    "let l = [[1], [0]]; l.sort()",
    "let m = #{}; m.x",
    "to_int(1e300)",
    "get_bit(1, 64)",
    "get_bits(1, 64, 1)",
    "range(0, 5, 0)",
    "let x = 1; x.set_tag(4294967296)",
];

#[test]
fn what_is_said_of_the_edges_is_so() {
    let engine = sandbox::bare();
    let mut wrong: Vec<_> = EDGES
        .iter()
        .filter_map(|edge| match engine.eval::<bool>(edge) {
            Ok(true) => None,
            Ok(false) => Some((*edge).to_owned()),
            Err(error) => Some(format!("{edge}: {error}")),
        })
        .collect();
    wrong.extend(ERRORS.iter().filter(|script| engine.run(script).is_ok()).map(|script| format!("{script}: no error")));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
