//! For tests: a PostgreSQL server on a port and in a folder of its own, of the programs that are installed.

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};
use tempfile::TempDir;

const MISSING: &str = "PostgreSQL is missing: these tests need its server. `cargo xtask test` installs it; \
    by hand: apt-get install --no-install-recommends postgresql; elsewhere, set POSTGRES_BIN to the folder of initdb.";
/// What tests write need not survive.
const SETTINGS: [&str; 5] = [
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
];
/// Another program may take the free port first.
const ATTEMPTS: usize = 5;

/// A server. It is stopped, and its folder removed, when it is dropped.
#[derive(Debug)]
pub struct Server {
    programs: Programs,
    folder: TempDir,
    port: u16,
    running: Option<Child>,
    databases: AtomicU32,
}

/// PostgreSQL's programs, and who runs them: they refuse to be run by root.
#[derive(Debug)]
struct Programs {
    folder: PathBuf,
    user: Option<User>,
}

#[derive(Clone, Copy, Debug)]
struct User {
    id: u32,
    group: u32,
}

// === impl Server ===

impl Server {
    /// The server of the tests that run now. It stops after the last of them, also when that one panics.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// A server of one's own.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let programs = Programs::find(folder.path());
        let mut server = Self {
            programs,
            folder,
            port: 0,
            running: None,
            databases: AtomicU32::new(0),
        };
        server.initialize();
        for _ in 0..ATTEMPTS {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            server.port = free.local_addr().unwrap().port();
            drop(free);
            if server.run() {
                return server;
            }
        }
        panic!("PostgreSQL did not start on any of {ATTEMPTS} ports");
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A new database, by a name that no other test has.
    pub async fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut connection = self.options("postgres").connect().await.unwrap();
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        name
    }

    /// How to connect to one of its databases; `postgres` is always there.
    pub fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username("secret_user")
            .password("secret_password")
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// The same as a URL, user and password included.
    pub fn url(&self, database: &str) -> String {
        self.options(database).to_url_lossy().to_string()
    }

    fn initialize(&self) {
        let output = self
            .programs
            .command("initdb")
            .args(["--auth=trust", "--username=secret_user", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync", "--pgdata"])
            .arg(self.data())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "initdb: {errors}");
    }

    /// Starts, and waits until it listens. Whether it does.
    pub fn run(&mut self) -> bool {
        let mut child = self
            .programs
            .command("postgres")
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string()])
            .args(SETTINGS.iter().flat_map(|it| ["-c", it]))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = log.any(|line| line.unwrap().contains("ready to accept connections"));
        self.running = Some(child);
        // Who writes to a pipe that nobody reads stops.
        thread::spawn(move || log.for_each(drop));
        ready
    }

    /// Stops it at once, as a crash would.
    pub fn stop(&mut self) {
        let Some(mut child) = self.running.take() else {
            return;
        };
        let stopped = self
            .programs
            .command("pg_ctl")
            .args(["stop", "--mode=immediate", "--silent", "--pgdata"])
            .arg(self.data())
            .status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _ = child.kill();
        }
        let _ = child.wait();
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

// === impl Programs ===

impl Programs {
    /// Finds them, and gives `folder` to who runs them.
    fn find(folder: &Path) -> Self {
        let user = (fs::metadata(folder).unwrap().uid() == 0).then(User::unprivileged);
        if let Some(user) = user {
            chown(folder, Some(user.id), Some(user.group)).unwrap();
        }
        Self {
            folder: programs().expect(MISSING),
            user,
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        // What is current may be closed to that user.
        command
            .current_dir("/")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user.id).gid(user.group);
        }
        command
    }
}

/// `POSTGRES_BIN`, else the folder on PATH, else the newest of Debian's, which puts none on PATH.
fn programs() -> Option<PathBuf> {
    let has_server = |folder: &PathBuf| folder.join("initdb").is_file();
    if let Some(folder) = std::env::var_os("POSTGRES_BIN") {
        return Some(PathBuf::from(folder)).filter(has_server);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(folder) = std::env::split_paths(&path).find(has_server) {
        return Some(folder);
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let folders = versions.map(|version| version.path().join("bin"));
    folders.filter(has_server).max_by_key(|folder| {
        let version = folder.parent()?.file_name()?.to_str()?;
        version.parse::<u32>().ok()
    })
}

// === impl User ===

impl User {
    /// `postgres`, else `nobody`.
    fn unprivileged() -> Self {
        let passwd = fs::read_to_string("/etc/passwd").unwrap();
        let user = |name: &str| {
            let mut fields = passwd
                .lines()
                .map(|line| line.split(':').collect::<Vec<_>>());
            let found = fields.find(|fields| fields.first() == Some(&name))?;
            Some(Self {
                id: found.get(2)?.parse().ok()?,
                group: found.get(3)?.parse().ok()?,
            })
        };
        user("postgres").or_else(|| user("nobody")).expect(
            "PostgreSQL refuses to be run by root, and there is no user `postgres` or `nobody`",
        )
    }
}
