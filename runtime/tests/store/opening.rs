//! What an operator reads when a store can't be opened, and what a new file looks like.

use std::path::Path;

use adcp_seller::store::open;

/// The text, with the folder of the test cut out.
fn refusal(url: &str, folder: &Path) -> String {
    let error = open(url)
        .err()
        .unwrap_or_else(|| panic!("{url} was opened"));
    error
        .to_string()
        .replace(&folder.display().to_string(), "DIR")
}

fn file_with(folder: &Path, name: &str, sql: &str) -> String {
    let path = folder.join(name);
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(sql)
        .unwrap();
    format!("sqlite:{}", path.display())
}

#[test]
fn urls_that_name_no_store_are_refused_with_the_remedy() {
    let cases = [
        (
            "seller.db",
            r#"can't open the store "seller.db": it names no kind of store; say memory: or sqlite:PATH"#,
        ),
        (
            "",
            r#"can't open the store "": it names no kind of store; say memory: or sqlite:PATH"#,
        ),
        (
            "memory:cache",
            r#"can't open the store "memory:cache": a store in memory has no name; say memory:"#,
        ),
        (
            "sqlite:",
            r#"can't open the store "sqlite:": it names no file; say sqlite:PATH, for example sqlite:seller.db"#,
        ),
        (
            "sqlite::memory:",
            r#"can't open the store "sqlite::memory:": a SQLite database in memory is not offered; say memory: for a store that forgets everything"#,
        ),
        (
            "sqlite:a.db?mode=ro",
            r#"can't open the store "sqlite:a.db?mode=ro": options after the path are not understood; say sqlite:PATH without a question mark"#,
        ),
        (
            "sqlite:~/seller.db",
            r#"can't open the store "sqlite:~/seller.db": only a shell knows what ~ stands for; write the whole path"#,
        ),
        (
            "sqlite:data/",
            r#"can't open the store "sqlite:data/": it names a folder; name a file in it"#,
        ),
        (
            "postgres://seller:secret@db/seller",
            "can't open the store postgres:: PostgreSQL is not supported yet; say memory: or sqlite:PATH",
        ),
        (
            "redis://:secret@cache",
            "can't open the store redis:: there is no such kind of store; say memory: or sqlite:PATH",
        ),
    ];
    for (url, text) in cases {
        assert_eq!(refusal(url, Path::new("no such folder")), text);
    }
}

#[test]
fn files_that_are_no_store_are_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    std::fs::write(
        folder.path().join("notes.txt"),
        "buy milk, and then write more than one page of it\n".repeat(200),
    )
    .unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let cases = [
        (
            at("none/seller.db"),
            "can't open the store sqlite:DIR/none/seller.db: the folder DIR/none is not there; make it, or name a file in another folder",
        ),
        (
            at("notes.txt/seller.db"),
            "can't open the store sqlite:DIR/notes.txt/seller.db: DIR/notes.txt is no folder; name a file in a folder",
        ),
        (
            at("data"),
            "can't open the store sqlite:DIR/data: it is a folder; name a file in it",
        ),
        (
            at("notes.txt"),
            "can't open the store sqlite:DIR/notes.txt: the file is no SQLite database; name another file, or remove this one",
        ),
        (
            file_with(
                folder.path(),
                "shop.db",
                "CREATE TABLE customer (name TEXT)",
            ),
            "can't open the store sqlite:DIR/shop.db: the file is the database of another program; name another file",
        ),
    ];
    for (url, text) in cases {
        assert_eq!(refusal(&url, folder.path()), text);
    }
    let notes = std::fs::read_to_string(folder.path().join("notes.txt")).unwrap();
    assert!(
        notes.starts_with("buy milk"),
        "a file that is refused is left alone"
    );
}

#[test]
fn a_missing_folder_of_a_relative_path_is_made() {
    let folder = tempfile::tempdir().unwrap();
    // The same folder, said from the working folder: up to the root and down again.
    let up = std::env::current_dir().unwrap().components().count() - 1;
    let relative = format!("{}{}", "../".repeat(up), folder.path().display());
    let path = Path::new(&relative).join("data/eu/seller.db");
    assert!(path.is_relative());
    drop(open(&format!("sqlite:{}", path.display())).unwrap());
    assert!(folder.path().join("data/eu/seller.db").is_file());
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seller.db");
    let url = format!("sqlite:{}", path.display());
    drop(open(&url).unwrap());
    file_with(
        folder.path(),
        "seller.db",
        "UPDATE schema_version SET version = 99",
    );
    let text = "can't open the store sqlite:DIR/seller.db: the file has schema version 99, and this seller knows versions up to 1; \
                start the newer seller that wrote it, or restore the copy made before it was upgraded";
    assert_eq!(refusal(&url, folder.path()), text);
    let version: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT version FROM schema_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 99);
}

#[test]
fn both_ways_to_write_a_path_name_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seller.db");
    assert!(
        open(&format!("sqlite://{}", path.display()))
            .unwrap()
            .is_durable()
    );
    assert!(path.is_file());
    assert!(!open("memory:").unwrap().is_durable());
}

#[cfg(unix)]
#[test]
fn a_new_file_and_its_log_are_readable_by_the_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = open(&format!(
        "sqlite:{}",
        folder.path().join("seller.db").display()
    ))
    .unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        names.push(entry.file_name().into_string().unwrap());
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.file_name()
        );
    }
    names.sort();
    assert_eq!(names, ["seller.db", "seller.db-shm", "seller.db-wal"]);
    drop(store);
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "a store that is closed leaves one file"
    );
}
