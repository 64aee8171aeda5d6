//! The file itself: its tables, its versions, and what can be wrong with it.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::store::open::OpenError;

/// How long a statement waits for another process's lock, in steps of [`STEP`].
const PATIENCE: Duration = Duration::from_secs(10);

/// SQLite's own waiting doubles up to 100 ms, which starves a process beside a busy one. Short,
/// equal steps share the lock better.
const STEP: Duration = Duration::from_millis(1);

/// Marks the file as ours in SQLite's header ("AdCP" in ASCII), as `file(1)` reads it.
const APPLICATION: i32 = 0x4164_4350;

/// The steps from an empty file to the present schema. Step n brings a file to version n + 1; a
/// step that was ever released is never changed.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE record (
        number       INTEGER PRIMARY KEY,
        tenant       TEXT NOT NULL,
        owner        TEXT NOT NULL,
        kind         TEXT NOT NULL,
        id           TEXT NOT NULL,
        revision     INTEGER NOT NULL,
        sort         TEXT NOT NULL,
        tags         TEXT NOT NULL, -- JSON array, as written
        due          INTEGER,       -- microseconds since 1970, UTC, as is leased_until
        leased_until INTEGER,
        body         TEXT NOT NULL, -- JSON, members in their order
        UNIQUE (tenant, owner, kind, id)
    ) STRICT;
    CREATE INDEX record_order ON record (tenant, owner, kind, sort, id);
    CREATE INDEX record_due ON record (kind, due) WHERE due IS NOT NULL;
    CREATE TABLE tag (
        tenant TEXT NOT NULL,
        owner  TEXT NOT NULL,
        kind   TEXT NOT NULL,
        tag    TEXT NOT NULL,
        sort   TEXT NOT NULL,
        id     TEXT NOT NULL,
        record INTEGER NOT NULL,    -- record.number
        PRIMARY KEY (tenant, owner, kind, tag, sort, id)
    ) STRICT, WITHOUT ROWID;
"];

/// Opens the file for the writer, makes it if need be, and brings its schema up to date.
pub(super) fn open_for_writing(path: &Path) -> Result<Connection, OpenError> {
    create_if_missing(path)?;
    let explain = |error| explain(path, error);
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(explain)?;
    connection
        .busy_handler(Some(wait_a_little))
        .map_err(explain)?;
    check_ours(path, &connection)?;
    if connection.is_readonly("main").map_err(explain)? {
        return Err(read_only(path));
    }
    keep_a_log(path, &connection)?;
    // FULL: see the module's head. fullfsync means something on macOS only, where a plain sync
    // leaves the data in the drive's own memory.
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;")
        .map_err(explain)?;
    migrate(path, &mut connection)?;
    Ok(connection)
}

/// Opens the file, which is there and up to date, for reading. Such a connection waits for no
/// lock unless it is told to by [`set_patient`].
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| explain(path, error))?;
    let prepare = connection
        .execute_batch("PRAGMA trusted_schema = OFF;")
        .and_then(|()| set_patient(&connection, false));
    prepare.map_err(|error| explain(path, error))?;
    Ok(connection)
}

/// Whether statements of that connection wait for another process's lock.
pub(super) fn set_patient(connection: &Connection, patient: bool) -> rusqlite::Result<()> {
    connection.busy_timeout(if patient { PATIENCE } else { Duration::ZERO })
}

fn wait_a_little(waited: i32) -> bool {
    let steps = i32::try_from(PATIENCE.as_millis() / STEP.as_millis()).unwrap_or(i32::MAX);
    if waited < steps {
        std::thread::sleep(STEP);
    }
    waited < steps
}

/// Makes an empty file that only its owner can read. A file that is there is not opened here:
/// closing it again would give up the locks that this process holds on it (POSIX).
fn create_if_missing(path: &Path) -> Result<(), OpenError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = match options.open(path) {
        // See `store::open` for why only these.
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_relative() => path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| options.open(path)),
        made => made,
    };
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if path.is_dir() {
                return Err(OpenError::new(
                    place(path),
                    "it is a folder",
                    "name a file in it",
                ));
            }
            Ok(())
        }
        Err(error) => Err(explain_io(path, error)),
    }
}

/// Refuses a file that another program has made. Nothing has been written to it before this.
fn check_ours(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let explain = |error| explain(path, error);
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(explain)?;
    let application: i32 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(explain)?;
    if tables > 0 && application != APPLICATION {
        return Err(OpenError::new(
            place(path),
            "the file is the database of another program",
            "name another file",
        ));
    }
    Ok(())
}

/// Turns on the write-ahead log, which is a property of the file.
fn keep_a_log(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    // SQLite does not wait by itself here when another process opens the file at this moment.
    let mut waited = 0;
    let mode: String = loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)) {
            Err(error) if is_busy(&error) && wait_a_little(waited) => waited += 1,
            answer => break answer.map_err(|error| explain(path, error))?,
        }
    };
    if mode == "wal" {
        Ok(())
    } else {
        Err(OpenError::new(
            place(path),
            "SQLite can't keep a write-ahead log there",
            "name a file on a local disk",
        ))
    }
}

fn migrate(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    let explain = |error| explain(path, error);
    // Two processes may find an empty file at once; whoever gets the lock second sees the result.
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(explain)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT;",
        )
        .map_err(explain)?;
    let version: i64 = transaction
        .query_row(
            "SELECT coalesce(max(version), 0) FROM schema_version",
            [],
            |row| row.get(0),
        )
        .map_err(explain)?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > known {
        return Err(OpenError::new(
            place(path),
            format!(
                "the file has schema version {version}, and this seller knows versions up to {known}"
            ),
            "start the newer seller that wrote it, or restore the copy made before it was upgraded",
        ));
    }
    for (step, done) in MIGRATIONS
        .iter()
        .zip(1..)
        .skip_while(|(_, done)| *done <= version)
    {
        transaction.execute_batch(step).map_err(explain)?;
        transaction
            .execute("DELETE FROM schema_version", [])
            .map_err(explain)?;
        transaction
            .execute("INSERT INTO schema_version (version) VALUES (?1)", [done])
            .map_err(explain)?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION)
        .map_err(explain)?;
    transaction.commit().map_err(explain)
}

/// Whether another connection's lock was in the way.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn place(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

fn read_only(path: &Path) -> OpenError {
    OpenError::new(
        place(path),
        "the file can't be written",
        "let the user that runs the seller write to it and to its folder",
    )
}

/// What the operating system's refusal to make the file means.
pub(super) fn explain_io(path: &Path, error: io::Error) -> OpenError {
    let folder = path
        .parent()
        .map(|folder| folder.display().to_string())
        .unwrap_or_default();
    let explained = match error.kind() {
        io::ErrorKind::NotFound => OpenError::new(
            place(path),
            format!("the folder {folder} is not there"),
            "make it, or name a file in another folder",
        ),
        io::ErrorKind::NotADirectory => OpenError::new(
            place(path),
            format!("{folder} is no folder"),
            "name a file in a folder",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => read_only(path),
        _ => OpenError::new(
            place(path),
            "the file can't be made",
            "see the system's own message",
        ),
    };
    explained.because(error)
}

/// What SQLite's refusal to open the file means.
fn explain(path: &Path, error: rusqlite::Error) -> OpenError {
    let place = place(path);
    let explained = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::new(
            place,
            "the file is no SQLite database",
            "name another file, or remove this one",
        ),
        Some(ErrorCode::DatabaseCorrupt) => {
            OpenError::new(place, "the file is damaged", "restore it from a copy")
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            read_only(path)
        }
        Some(ErrorCode::DiskFull) => OpenError::new(place, "the disk is full", "make room on it"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::new(
            place,
            "another process holds its lock",
            "wait for that process, or end it",
        ),
        _ => OpenError::new(place, "SQLite refuses it", "see SQLite's own message"),
    };
    explained.because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_may_not_be_written_is_named_with_the_remedy() {
        // Constructed, because tests may run as a user whom no permission holds back.
        for kind in [
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::ReadOnlyFilesystem,
        ] {
            let text = explain_io(Path::new("data/seller.db"), kind.into()).to_string();
            assert_eq!(
                text,
                "can't open the store sqlite:data/seller.db: the file can't be written; let the user that runs the seller write to it and to its folder"
            );
        }
    }
}
