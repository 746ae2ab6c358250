//! A server with a password, two consumers who have it, and `rotate-secret`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::consumer::Consumer;
use crate::components::postgres::Postgres;
use crate::components::redis::{Redis, ask};
use crate::exercises::Exercised;
use crate::support::Place;

/// The value before, and the one that is made: known beforehand, so that they can be looked for from the first moment on.
pub(super) const OLD: &str = "cAn4ry-0ld-value-7Qw3rty";
pub(super) const NEW: &str = "cAn4ry-n3w-value-Zx9Cvbn";

/// Whose password it is.
pub(super) enum Server {
    Redis(Redis),
    Postgres(Postgres),
}

pub(super) struct Stage {
    pub(super) place: Place,
    pub(super) server: Server,
    pub(super) consumers: Vec<Consumer>,
}

pub(super) const EXEC: [&str; 5] = ["exec", "rotate-secret", "--yes", "-p", "what=shop"];

/// A file for its owner only.
fn secret_file(place: &Place, name: &str, text: &str) {
    let path = place.write(name, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("ours");
}

/// Users of Redis, of whom `shop` has the old password.
pub(super) fn redis() -> Stage {
    let place = Place::shipping("rotate-secret");
    let redis = Redis::start(&place);
    assert_eq!(redis.ask(&["ACL", "SETUSER", "shop", "on", &format!(">{OLD}"), "~shop:*", "+get", "+set"]), "+OK");
    assert_eq!(redis.ask(&["ACL", "SAVE"]), "+OK");
    let port = redis.port;
    let which = format!("redis = \"127.0.0.1:{port}\"\nuser = \"shop\"\nsave = \"acl\"\n");
    staged(place, Server::Redis(redis), &which, "shop", move |user, password| ask(port, &["AUTH", user, password]) == "+OK")
}

/// Two roles that take turns, of whom the first has the old password. The server asks both for it.
pub(super) fn postgres() -> Stage {
    let place = Place::shipping("rotate-secret");
    let server = Postgres::start();
    server.sql("postgres", "create role shop nologin; create role shop_a in role shop; create role \"shop B\" in role shop");
    server.sql("postgres", "alter system set log_statement = 'all'");
    // By a file: other tests watch the command lines of this machine for these values.
    let password = place.write("password.sql", &format!("alter role shop_a login password '{OLD}';\n"));
    let given = server.psql("postgres", "").arg("-f").arg(&password).status().expect("psql");
    assert!(given.success());
    let hba = fs::read_to_string(format!("{}/pg_hba.conf", server.data())).expect("who may come in");
    let asked = "local all shop_a,\"shop B\" scram-sha-256\n";
    fs::write(format!("{}/pg_hba.conf", server.data()), format!("{asked}{hba}")).expect("who may come in");
    server.sql("postgres", "select pg_reload_conf()");
    let socket = server.socket().display().to_string();
    let which = format!("postgres = {:?}\nroles = [\"shop_a\", \"shop B\"]\n", server.db("postgres"));
    staged(place, Server::Postgres(server), &which, "shop_a", move |user, password| {
        let mut psql = Command::new("psql");
        psql.args(["-XAtqw", "-c", "select 1", "-h", &socket, "-U", user, "-d", "postgres"]).env("PGPASSWORD", password);
        psql.output().expect("psql").status.success()
    })
}

fn staged(
    place: Place,
    server: Server,
    which: &str,
    user: &str,
    logs_in: impl Fn(&str, &str) -> bool + Clone + Send + Sync + 'static,
) -> Stage {
    let dir = place.path("secrets").display().to_string();
    secret_file(&place, "secrets/present", &format!("{OLD}\n"));
    secret_file(&place, "seed", &format!("{NEW}\n"));
    let (mut consumers, mut list) = (Vec::new(), String::new());
    for name in ["web", "worker"] {
        secret_file(&place, &format!("{name}.conf"), &format!("user={user}\npassword={OLD}\n"));
        let consumer = Consumer::start(place.path(&format!("{name}.conf")), logs_in.clone());
        let url = consumer.service.url();
        list += &format!(
            "[[settings.rotate.shop.consumers]]\nname = \"{name}\"\nfile = {:?}\ncontent = \"user={{user}}\\npassword={{secret}}\\n\"\n\
             restart = [\"curl\", \"-sf\", \"-X\", \"POST\", \"{url}/restart\"]\nhealth = \"{url}/health\"\n",
            place.path(&format!("{name}.conf")),
        );
        consumers.push(consumer);
    }
    let secrets: String =
        ["present", "next", "former"].iter().map(|name| format!("\"shop/{name}\" = {{ file = \"{dir}/{name}\" }}\n")).collect();
    place.write(
        "runbook.toml",
        &format!("[secrets]\n{secrets}[settings.rotate.shop]\ndir = \"{dir}\"\nsecrets = \"shop\"\nmake = [\"cat\", {:?}]\n{which}{list}", place.path("seed")),
    );
    Stage { place, server, consumers }
}

impl Stage {
    /// Whether the server lets this user in with this password, asked without the runbook.
    pub(super) fn lets_in(&self, user: &str, password: &str) -> bool {
        match &self.server {
            Server::Redis(redis) => redis.ask(&["AUTH", user, password]) == "+OK",
            Server::Postgres(server) => {
                let mut psql = Command::new("psql");
                psql.args([
                    "-XAtqw",
                    "-c",
                    "select 1",
                    "-h",
                    &server.socket().display().to_string(),
                    "-U",
                    user,
                    "-d",
                    "postgres",
                ]);
                psql.env("PGPASSWORD", password).output().expect("psql").status.success()
            }
        }
    }

    /// Who may log in with what, what the store and the files of the consumers hold, and what the consumers have read.
    pub(super) fn state(&self) -> String {
        let users: &[&str] = if matches!(self.server, Server::Redis(_)) { &["shop"] } else { &["shop_a", "shop B"] };
        let mut state = String::new();
        for user in users {
            state += &format!("{user}: old {} new {}\n", self.lets_in(user, OLD), self.lets_in(user, NEW));
        }
        for name in ["secrets/present", "secrets/next", "secrets/next.part", "secrets/former", "web.conf", "worker.conf"] {
            let mode = fs::metadata(self.place.path(name)).map(|meta| meta.permissions().mode() & 0o777).unwrap_or(0);
            state += &format!("{name} {mode:o}: {:?}\n", self.place.read(name));
        }
        if let Server::Redis(_) = self.server {
            // What it would know after a restart.
            state += &self.place.read("redis/users");
        }
        for consumer in &self.consumers {
            state += &format!("read: {:?}\n", consumer.read.lock().expect("ours"));
        }
        state
    }

    /// What the server wrote into its log.
    pub(super) fn log(&self) -> String {
        match &self.server {
            Server::Redis(_) => self.place.read("redis/log"),
            Server::Postgres(server) => server.log(),
        }
    }
}

pub(crate) fn exercised() -> Box<dyn Exercised> {
    Box::new(redis())
}

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.place
    }

    fn parameters(&self) -> Vec<String> {
        vec!["what=shop".to_owned()]
    }

    fn state(&self) -> String {
        self.state()
    }
}
