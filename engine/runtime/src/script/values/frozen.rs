//! Copies of values that share nothing with where they came from.
//!
//! Rhai captures variables by reference. Branches that run at the same time would see each other's writes, or fail with a
//! "data race", as luck has it; neither can be replayed.

use rhai::{Array, Dynamic, FnPtr, Map};

/// A copy that shares nothing, at any depth.
pub(in crate::script) fn frozen(value: &Dynamic) -> Dynamic {
    let value = value.flatten_clone();
    if let Some(items) = value.read_lock::<Array>() {
        return items.iter().map(frozen).collect::<Array>().into();
    }
    if let Some(items) = value.read_lock::<Map>() {
        return items.iter().map(|(key, value)| (key.clone(), frozen(value))).collect::<Map>().into();
    }
    if let Some(function) = value.read_lock::<FnPtr>() {
        let mut function = (*function).clone();
        function.iter_curry_mut().for_each(|captured| *captured = frozen(captured));
        return function.into();
    }
    value
}

/// A copy that shares nothing and cannot be written: what stands outside of a branch, as it sees it.
pub(in crate::script) fn read_only(value: &Dynamic) -> Dynamic {
    // The wrapper is what Rhai takes for a captured variable; whether it may be written is asked of what is in it.
    frozen(value).into_read_only().into_shared()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shared_at_any_depth() {
        let inner = Dynamic::from(1_i64).into_shared();
        let map = Map::from([("list".into(), Dynamic::from(vec![inner.clone()]))]);
        let copy = frozen(&Dynamic::from(map).into_shared());
        *inner.clone().write_lock::<i64>().unwrap() = 2;
        assert_eq!(copy.read_lock::<Map>().unwrap()["list"].read_lock::<Array>().unwrap()[0].as_int(), Ok(1));
        assert!(read_only(&inner).is_read_only() && !inner.is_read_only());
    }
}
