//! `redis-flush-namespace` on a real Redis.

use crate::components::redis::Redis;
use crate::exercises::Exercised;
use crate::support::Place;

/// How many keys there are.
fn keys(redis: &Redis) -> String {
    redis.ask(&["DBSIZE"])
}

fn fill(redis: &Redis, prefix: &str, keys: usize) {
    let script = "for i = 1, tonumber(ARGV[2]) do redis.call('SET', ARGV[1] .. i, string.rep('x', 200)) end return 1";
    assert_eq!(redis.ask(&["EVAL", script, "0", prefix, &keys.to_string()]), ":1");
}

fn place() -> (Place, Redis) {
    let place = Place::shipping("redis-flush-namespace");
    let redis = Redis::start(&place);
    place.write("runbook.toml", &format!("[settings]\nredis = \"127.0.0.1:{}\"\n", redis.port));
    // Keys of others, some of which only look like ours; and some with signs that mean something to a shell or in a pattern.
    fill(&redis, "shop:cart", 50);
    fill(&redis, "other:", 50);
    fill(&redis, "shop:cart:", 3_000);
    for key in ["shop:cart:a b", "shop:cart:$(id)'\"", "shop:cart:*", "shop:cart:-n"] {
        assert_eq!(redis.ask(&["SET", key, "1"]), "+OK");
    }
    (place, redis)
}

const FLUSH: [&str; 7] = ["exec", "redis-flush-namespace", "-p", "prefix=shop:cart:", "-p", "hit_rate=0", "--yes"];

pub(crate) fn exercised() -> Box<dyn Exercised> {
    Box::new(Stage(place()))
}

struct Stage((Place, Redis));

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.0.0
    }

    fn parameters(&self) -> Vec<String> {
        ["prefix=shop:cart:", "hit_rate=0"].map(str::to_owned).to_vec()
    }

    fn state(&self) -> String {
        keys(&self.0.1)
    }
}

#[test]
fn the_namespace_is_emptied_and_nothing_else() {
    let (place, redis) = place();
    assert_eq!(keys(&redis), ":3104");
    place.expect(0, &["exec", "redis-flush-namespace", "-p", "prefix=shop:cart:", "--dry-run"]).says(&["UNLINK", "3004 keys"]);
    assert_eq!(keys(&redis), ":3104", "a rehearsal removes nothing");
    place.expect(0, &FLUSH).says(&["3004 keys before, 0 after"]);
    assert_eq!(keys(&redis), ":100");
    place.expect(0, &FLUSH).says(&["begins with shop:cart:: nothing to do"]);
    place.expect(2, &["exec", "redis-flush-namespace", "-p", "prefix=*:"]).says(&["prefix"]);
    place.expect(2, &["exec", "redis-flush-namespace", "-p", "prefix=shop"]).says(&["prefix"]);
    assert_eq!(keys(&redis), ":100");
}

#[test]
fn the_engine_dies_while_it_removes_and_resume_removes_the_rest() {
    let (place, redis) = place();
    let mut engine = place.begin(&FLUSH);
    engine.at("Remove/remove what begins with shop:cart:");
    engine.kill();
    place.expect(0, &["resume"]).says(&["completed"]);
    assert_eq!(keys(&redis), ":100");
    place.expect(0, &["verify"]);
}

#[test]
fn it_waits_until_the_cache_is_warm_again() {
    let (place, redis) = place();
    let mut engine = place.begin(&["exec", "redis-flush-namespace", "-p", "prefix=shop:cart:", "-p", "hit_rate=80", "--yes"]);
    engine.at("Recover/80 %25 of the reads find their key again");
    // Readers that find what they look for: the cache is warm.
    for _ in 0..200 {
        assert_eq!(redis.ask(&["EXISTS", "other:1"]), ":1");
        assert_eq!(redis.ask(&["GET", "other:1"]), "$200");
    }
    engine.ends(0);
}

#[test]
fn a_server_that_is_down_is_said_before_anything_is_asked() {
    let (place, redis) = place();
    drop(redis);
    place.expect(1, &FLUSH).says(&["the server answers", "redis-cli cannot ask"]);
}

#[test]
fn a_line_break_in_a_key_names_no_key_of_others() {
    let (place, redis) = place();
    assert_eq!(redis.ask(&["SET", "shop:cart:x\nother:1", "1"]), "+OK");
    place.expect(0, &FLUSH).says(&["3005 keys before, 1 after"]);
    assert_eq!(redis.ask(&["EXISTS", "other:1"]), ":1");
    assert_eq!(keys(&redis), ":101");
}

#[test]
fn a_server_that_does_not_let_its_keys_be_counted_has_not_none() {
    let (place, redis) = place();
    assert_eq!(redis.ask(&["ACL", "SETUSER", "default", "-scan"]), "+OK");
    place.expect(1, &FLUSH).says(&["cannot tell about"]);
    assert_eq!(keys(&redis), ":3104");
}
