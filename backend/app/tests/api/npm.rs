//! Programs of Node.js that tests run.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use parking_lot::Mutex;

/// The folder with `tests/api/NAME` and the packages that it asks for, which are installed once.
pub(crate) fn installed(name: &str) -> PathBuf {
    // Tests run at the same time.
    static INSTALLED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut installed = INSTALLED.lock();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !installed.insert(name.to_owned()) {
        return folder;
    }
    std::fs::create_dir_all(&folder).unwrap();
    for file in source.join(name).read_dir().unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--prefer-offline"]);
    let done = npm.current_dir(&folder).stdin(Stdio::null()).output();
    let done = done.expect("npm is installed (Debian: nodejs, npm)");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    folder
}
