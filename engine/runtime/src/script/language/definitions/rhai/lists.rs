//! Lists: positions count from 0, and negative ones from the end. A closure gets the item and, if it takes two, its position.

use super::Signature;

pub(super) const LISTS: &[Signature] = &[
    ("all", &["(list: Array, holds: Fn) -> bool"], "Whether it holds for every item; of an empty list that is `true`."),
    ("append", &["(list: Array, more: Array) -> ()"], "Adds all items of another list to the end, in place."),
    ("chop", &["(list: Array, len: int) -> ()"], "Keeps at most the last `len` items, in place."),
    ("clear", &["(list: Array) -> ()"], "Leaves an empty list, in place."),
    ("contains", &["(list: Array, value: ?) -> bool"], "Whether an item equals the value; `value in list` says the same."),
    (
        "dedup",
        &["(list: Array) -> ()", "(list: Array, same: Fn) -> ()"],
        "Keeps one of equal items that stand next to each other, in place: `sort` first to keep one of all.",
    ),
    (
        "drain",
        &["(list: Array, pick: Fn) -> Array"],
        "Takes the items for which it holds out of the list, in place, and gives them.",
    ),
    (
        "drain",
        &["(list: Array, range: Range<int>) -> Array", "(list: Array, start: int, len: int) -> Array"],
        "Takes this part out of the list, in place, and gives it.",
    ),
    (
        "extract",
        &[
            "(list: Array, range: Range<int>) -> Array",
            "(list: Array, start: int) -> Array",
            "(list: Array, start: int, len: int) -> Array",
        ],
        "A copy of a part of the list; what lies behind its end is left out.",
    ),
    ("filter", &["(list: Array, keep: Fn) -> Array"], "A new list of the items for which it holds."),
    (
        "find",
        &["(list: Array, wanted: Fn) -> ?", "(list: Array, wanted: Fn, start: int) -> ?"],
        "The first item for which it holds, from `start` on, or `()`.",
    ),
    (
        "find_map",
        &["(list: Array, change: Fn) -> ?", "(list: Array, change: Fn, start: int) -> ?"],
        "The first result that is not `()`, from `start` on, or `()`.",
    ),
    (
        "for_each",
        &["(list: Array, body: Fn) -> ()"],
        "Calls the closure once for each item, which is `this` in it and can be assigned to: that changes the list in place.",
    ),
    (
        "get",
        &["(list: Array, index: int) -> ?"],
        "The item at this position, or `()` behind the end, where `list[index]` is an error.",
    ),
    (
        "index_of",
        &[
            "(list: Array, value: ?) -> int",
            "(list: Array, wanted: Fn) -> int",
            "(list: Array, value: ?, start: int) -> int",
            "(list: Array, wanted: Fn, start: int) -> int",
        ],
        "The position of the first item that equals the value, or for which it holds, from `start` on; -1 if there is none.",
    ),
    (
        "insert",
        &["(list: Array, index: int, item: ?) -> ()"],
        "Puts the item before the one at this position, in place; at the end if there is none.",
    ),
    ("map", &["(list: Array, change: Fn) -> Array"], "A new list of what the closure gives for each item."),
    (
        "order",
        &["(list: Array) -> Array", "(list: Array, compare: Fn) -> Array"],
        "A sorted copy; what may be sorted, and how, says `sort`.",
    ),
    (
        "order_by",
        &["(list: Array, compare: Fn) -> Array"],
        "A copy, sorted by what the closure says of two items, as `sort_by` does.",
    ),
    ("order_desc", &["(list: Array) -> Array"], "A sorted copy with the greatest first."),
    (
        "pad",
        &["(list: Array, len: int, item: ?) -> ()"],
        "Adds the item until the list has `len` of them, in place; a longer one stays as it is.",
    ),
    ("pop", &["(list: Array) -> ?"], "Takes the last item off the list, in place, and gives it, or `()` if there is none."),
    ("push", &["(list: Array, item: ?) -> ()"], "Adds one item to the end, in place."),
    (
        "reduce",
        &["(list: Array, join: Fn) -> ?", "(list: Array, join: Fn, first: ?) -> ?"],
        "One value out of all: `|sum, item|` is called for each item with what came before, at first `first` or `()`.",
    ),
    (
        "reduce_rev",
        &["(list: Array, join: Fn) -> ?", "(list: Array, join: Fn, first: ?) -> ?"],
        "As `reduce`, from the last item to the first.",
    ),
    (
        "remove",
        &["(list: Array, index: int) -> ?"],
        "Takes the item at this position out, in place, and gives it, or `()` if there is none.",
    ),
    (
        "retain",
        &["(list: Array, keep: Fn) -> Array"],
        "Keeps only the items for which it holds, in place, and gives those that had to go.",
    ),
    (
        "retain",
        &["(list: Array, range: Range<int>) -> Array", "(list: Array, start: int, len: int) -> Array"],
        "Keeps only this part, in place, and gives the rest; if nothing lies in it, all stays.",
    ),
    ("reverse", &["(list: Array) -> ()"], "Turns the order around, in place."),
    (
        "set",
        &["(list: Array, index: int, value: ?) -> ()"],
        "Puts the value at this position, in place; nothing happens behind the end.",
    ),
    ("shift", &["(list: Array) -> ?"], "Takes the first item off the list, in place, and gives it, or `()` if there is none."),
    ("some", &["(list: Array, holds: Fn) -> bool"], "Whether it holds for at least one item; of an empty list that is `false`."),
    (
        "sort",
        &["(list: Array) -> ()", "(list: Array, compare: Fn) -> ()"],
        "Puts the smallest first, in place; items of different types, lists and maps are an error without a closure.",
    ),
    (
        "sort_by",
        &["(list: Array, compare: Fn) -> ()"],
        "Sorts in place by what `|a, b|` says: below 0 or `true` if `a` comes first, above 0 or `false` if `b` does.",
    ),
    ("sort_desc", &["(list: Array) -> ()"], "Puts the greatest first, in place; items of different types are an error."),
    (
        "splice",
        &["(list: Array, range: Range<int>, items: Array) -> ()", "(list: Array, start: int, len: int, items: Array) -> ()"],
        "Puts the new items in the place of this part, in place; behind the end they are added.",
    ),
    (
        "split",
        &["(list: Array, index: int) -> Array"],
        "Cuts the list off at this position, in place, and gives what was behind it; nothing behind the end.",
    ),
    ("truncate", &["(list: Array, len: int) -> ()"], "Keeps at most the first `len` items, in place."),
    (
        "zip",
        &["(a: Array, b: Array, join: Fn) -> Array"],
        "A new list of what `|x, y|` gives for the items of both at the same position, as long as the shorter one.",
    ),
];
