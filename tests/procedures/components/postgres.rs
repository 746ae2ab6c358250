//! A real PostgreSQL behind a socket in a directory of its own.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User};

/// A server; stopped, and its files gone, when it is dropped.
pub(crate) struct Postgres {
    dir: tempfile::TempDir,
    bin: PathBuf,
}

impl Postgres {
    /// An empty server. Nothing of it is flushed to the disk: a test that pulls the plug has to say so.
    pub(crate) fn start() -> Self {
        let server = Self::place();
        server.program("initdb", &["-D", &server.data(), "-A", "trust", "-U", "postgres", "--no-sync", "--locale=C.UTF-8"]);
        server.configure(
            "fsync = off\nwal_level = replica\nhot_standby = on\nwal_keep_size = 64MB\nmax_prepared_transactions = 2\n",
        );
        server.up();
        server
    }

    /// A standby that streams from this server and calls itself `standby`.
    pub(crate) fn standby(&self) -> Self {
        let server = Self::place();
        let primary = format!("{} application_name=standby", self.db("postgres"));
        server.program("pg_basebackup", &["-d", &primary, "-D", &server.data(), "-R", "-c", "fast", "--no-sync"]);
        server.configure("");
        server.up();
        server
    }

    fn place() -> Self {
        let dir = tempfile::Builder::new().prefix("runbook-pg-").tempdir().expect("a temporary directory");
        // The server refuses to be root's.
        if let Some(user) = account() {
            chown(dir.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw())).expect("it becomes the server's");
        }
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("others may come in");
        let mut versions: Vec<_> =
            fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL (Debian: postgresql-15)").flatten().collect();
        versions.sort_by_key(|version| version.file_name());
        let bin = versions.pop().expect("a version").path().join("bin");
        Self { dir, bin }
    }

    fn configure(&self, more: &str) {
        let path = self.dir.path().join("data/postgresql.conf");
        let text = fs::read_to_string(&path).expect("its configuration");
        let dir = self.dir.path().display();
        let ours = format!("listen_addresses = ''\nunix_socket_directories = '{dir}'\nmax_connections = 40\n");
        fs::write(path, format!("{text}\n{ours}{more}")).expect("its configuration");
    }

    /// The program with its arguments, as whoever the server belongs to.
    pub(crate) fn argv(&self, name: &str, arguments: &[&str]) -> Vec<String> {
        let mut argv = Vec::new();
        if let Some(user) = account() {
            let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
            argv.extend(["setpriv".to_owned(), format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]);
        }
        if argv.is_empty() {
            argv.push("env".to_owned());
        }
        argv.push(self.bin.join(name).display().to_string());
        argv.extend(arguments.iter().map(|&argument| argument.to_owned()));
        argv
    }

    #[track_caller]
    fn program(&self, name: &str, arguments: &[&str]) {
        let argv = self.argv(name, arguments);
        // What the server leaves open may not keep this test waiting: its output goes to a file.
        let said = self.dir.path().join(format!("{name}.said"));
        let file = fs::File::create(&said).expect("a file");
        let status = Command::new(&argv[0])
            .args(&argv[1..])
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a copy"))
            .stderr(file)
            .status()
            .expect("setpriv");
        assert!(status.success(), "{name}: {}\n{}", fs::read_to_string(said).unwrap_or_default(), self.log());
    }

    /// Starts it, and waits until it takes connections.
    pub(crate) fn up(&self) {
        let log = self.dir.path().join("log");
        self.program("pg_ctl", &["-D", &self.data(), "-w", "-t", "60", "-l", &log.display().to_string(), "start"]);
    }

    /// What stops it in good order, all sent to its standbys first.
    pub(crate) fn stop(&self) -> Vec<String> {
        self.argv("pg_ctl", &["-D", &self.data(), "-w", "-m", "fast", "stop"])
    }

    /// What starts it.
    pub(crate) fn again(&self) -> Vec<String> {
        let log = self.dir.path().join("log").display().to_string();
        self.argv("pg_ctl", &["-D", &self.data(), "-w", "-l", &log, "start"])
    }

    /// Whether it runs.
    pub(crate) fn runs(&self) -> bool {
        self.dir.path().join("data/postmaster.pid").exists()
    }

    pub(crate) fn data(&self) -> String {
        self.dir.path().join("data").display().to_string()
    }

    /// Where its socket lies.
    pub(crate) fn socket(&self) -> &Path {
        self.dir.path()
    }

    /// What it wrote into its log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// The connection string of a database, for its owner.
    pub(crate) fn db(&self, name: &str) -> String {
        format!("host={} user=postgres dbname={name}", self.dir.path().display())
    }

    /// What statements print, in rows of values with `|` between them.
    #[track_caller]
    pub(crate) fn sql(&self, name: &str, statements: &str) -> String {
        let output = self.psql(name, statements).output().expect("psql");
        assert!(output.status.success(), "{statements}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// psql, not started yet.
    pub(crate) fn psql(&self, name: &str, statements: &str) -> Command {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.db(name), "-c", statements]);
        psql
    }

    /// Everything that the server holds, as text: roles, databases, schemas and rows.
    #[track_caller]
    pub(crate) fn photograph(&self) -> String {
        let output = Command::new("pg_dumpall").args(["-d", &self.db("postgres")]).output().expect("pg_dumpall");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        // These two have a random word in each dump.
        let lines = text.lines().filter(|line| !line.starts_with("\\restrict ") && !line.starts_with("\\unrestrict "));
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.runs() {
            let argv = self.argv("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "stop"]);
            let silent = Command::new(&argv[0]).args(&argv[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status();
            silent.map(drop).unwrap_or(());
        }
    }
}

/// Who the server runs as, when we are root: it refuses to.
fn account() -> Option<User> {
    let nobody = || User::from_name("nobody").ok().flatten().expect("nobody");
    Uid::current().is_root().then(|| User::from_name("postgres").ok().flatten().unwrap_or_else(nobody))
}
