//! Tells cargo what is embedded in the binary beside the sources.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    // The front end is built after, before or never. Cargo takes a missing path for one that always changes, so the
    // empty folder is made here: else every build without a front end would compile this crate again.
    let dist = "../../dist/app";
    if std::fs::create_dir_all(dist).is_ok() {
        println!("cargo::rerun-if-changed={dist}");
    }
}
