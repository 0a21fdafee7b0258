//! Makes Cargo embed the viewer again when it was built again.

fn main() {
    let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dist/viewer");
    // Cargo rebuilds for ever what watches a path that is not there. Where it cannot be made, nothing can be built into it.
    let _ = std::fs::create_dir_all(dist);
    println!("cargo:rerun-if-changed={dist}");
}
