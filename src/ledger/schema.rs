//! Opening: connections as they must be, the library's version, migrations forward only.
//!
//! Never changes an existing ledger without a copy beside it, and never touches one of a newer program.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Connection, Row};

use super::LedgerError;

/// Every migration, oldest first; the place is the version.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_ledger.sql"),
    include_str!("migrations/0002_leaving.sql"),
    include_str!("migrations/0003_telling.sql"),
    include_str!("migrations/0004_alerts_without_mails.sql"),
    include_str!("migrations/0005_waiting_for_the_relay.sql"),
    include_str!("migrations/0006_telling_all.sql"),
];
/// Older libraries can corrupt a write-ahead log when it is reset (sqlite.org/wal.html, "WAL-reset bug").
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];
const PRAGMAS: &str = "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                       PRAGMA foreign_keys = ON;";

pub(super) async fn open(path: &Path) -> Result<AnyPool, LedgerError> {
    install_default_drivers();
    let path = std::path::absolute(path).map_err(in_file(path))?;
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(in_file(folder))?;
    }
    let url = url(&path, "rwc")?;
    // A pool tries again and again and then says only that it took too long; the first connection says what is wrong.
    let mut first = AnyConnection::connect(&url).await?;
    sqlx::raw_sql(PRAGMAS).execute(&mut first).await?;
    first.close().await?;
    let options = AnyPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(60));
    let options = options.after_connect(|connection, _| {
        Box::pin(async move {
            sqlx::raw_sql(PRAGMAS).execute(connection).await?;
            Ok(())
        })
    });
    // On a full disk SQLite rolls back by itself, and the driver goes on believing that a transaction is open: such a
    // connection would refuse every later one.
    let options = options.after_release(|connection, _| {
        Box::pin(async move {
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    });
    // A statement that gives a million findings one by one takes as long as whoever takes them: nobody need be warned.
    let quiet = AnyConnectOptions::from_str(&url)?.disable_statement_logging();
    let pool = options.connect_with(quiet).await?;
    check_library(&pool).await?;
    migrate(&pool, &path, MIGRATIONS).await?;
    Ok(pool)
}

/// A copy of the whole ledger at a path where no file is yet.
pub(super) async fn copy(pool: &AnyPool, to: &Path) -> Result<(), LedgerError> {
    let text = to.to_str().ok_or_else(|| LedgerError::Path { path: to.to_owned() })?;
    sqlx::query("VACUUM INTO $1").bind(text).execute(pool).await?;
    let file = tokio::fs::File::open(to).await.map_err(in_file(to))?;
    file.sync_all().await.map_err(in_file(to))
}

/// Whether a ledger that nobody writes to is whole: SQLite's own check of every page.
pub(super) async fn check(path: &Path) -> Result<(), LedgerError> {
    let mut connection = AnyConnection::connect(&url(path, "ro")?).await?;
    let said: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_all(&mut connection).await?;
    connection.close().await?;
    match said.iter().map(String::as_str).eq(["ok"]) {
        true => Ok(()),
        false => Err(LedgerError::Damaged { path: path.to_owned(), said: said.join("; ") }),
    }
}

fn in_file(path: &Path) -> impl Fn(std::io::Error) -> LedgerError + '_ {
    |source| LedgerError::File { path: path.to_owned(), source }
}

/// The driver decodes percents, so every byte that could mean something to a URL is written as one.
fn url(path: &Path, mode: &str) -> Result<String, LedgerError> {
    let text = path.to_str().ok_or_else(|| LedgerError::Path { path: path.to_owned() })?;
    let mut url = String::from("sqlite://");
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => url.push(char::from(byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(url + "?mode=" + mode)
}

async fn check_library(pool: &AnyPool) -> Result<(), LedgerError> {
    let found: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await?;
    let numbers: Vec<u32> = found.split('.').filter_map(|part| part.parse().ok()).collect();
    if numbers.as_slice() < OLDEST_SQLITE.as_slice() {
        return Err(LedgerError::OldSqlite { found });
    }
    Ok(())
}

/// Brings a ledger up to the last of the migrations.
pub(super) async fn migrate(pool: &AnyPool, path: &Path, migrations: &[&'static str]) -> Result<(), LedgerError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS ledger_schema (version BIGINT NOT NULL PRIMARY KEY)")
        .execute(pool)
        .await?;
    let found = version(pool).await?;
    if found > known {
        return Err(LedgerError::NewerSchema { found, known });
    }
    if found > 0 && found < known {
        copy_aside(pool, path, found).await?;
    }
    for (version, sql) in (1..).zip(migrations) {
        apply(pool, version, sql).await?;
    }
    Ok(())
}

async fn version(pool: &AnyPool) -> Result<i64, LedgerError> {
    let row = sqlx::query("SELECT COALESCE(MAX(version), 0) AS version FROM ledger_schema").fetch_one(pool).await?;
    Ok(row.try_get("version")?)
}

/// The version is looked at again inside the transaction: another process may have been faster.
async fn apply(pool: &AnyPool, version: i64, sql: &'static str) -> Result<(), LedgerError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM ledger_schema WHERE version = $1")
        .bind(version)
        .fetch_one(&mut *transaction)
        .await?;
    if there == 0 {
        sqlx::raw_sql(sql).execute(&mut *transaction).await?;
        let done = sqlx::query("INSERT INTO ledger_schema (version) VALUES ($1)");
        done.bind(version).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// `ledger.db` → `ledger.db.v1.copy`: written under another name first, so that it is whole when it is there.
async fn copy_aside(pool: &AnyPool, path: &Path, found: i64) -> Result<(), LedgerError> {
    let named = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".v{found}{end}"));
        PathBuf::from(name)
    };
    let (part, whole) = (named(".part"), named(".copy"));
    match tokio::fs::remove_file(&part).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(in_file(&part)(error)),
        _ => {}
    }
    copy(pool, &part).await?;
    tokio::fs::rename(&part, &whole).await.map_err(in_file(&whole))
}
