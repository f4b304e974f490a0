//! The migrations are embedded at compile time; cargo must look at their folder, or a new one would go unseen.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
