//! A full disk, told by its name: linkers die of one by a bus error, and ask to be reported as a defect of LLVM.

use crate::workspace;

/// A step that fails with less room than this, in KiB, has probably failed for it.
const LOW_KIB: u64 = 1024 * 1024;

/// A line for the message of a failed step, if there is hardly any room left for what it builds.
pub(super) fn warning() -> String {
    let root = workspace::root();
    let table = super::output("df", &["-Pk", &root.to_string_lossy()]);
    match table.and_then(|table| free_kib(&table)) {
        Some(kib) if kib < LOW_KIB => {
            format!("\n\nThe disk is nearly full: {} MiB are free.", kib / 1024)
        }
        _ => String::new(),
    }
}

/// What is available, by the table of POSIX's `df -Pk`.
fn free_kib(table: &str) -> Option<u64> {
    let row = table.lines().nth(1)?;
    row.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_available_is_the_fourth_column() {
        let table = "Filesystem     1024-blocks     Used Available Capacity Mounted on\n\
            /dev/vda         264216456 12582912    293888      98% /";
        assert_eq!(super::free_kib(table), Some(293_888));
        assert_eq!(super::free_kib(""), None);
    }
}
