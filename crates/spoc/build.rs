//! The pages of messages are part of the program: a new page is noticed as a changed one is.

fn main() {
    #[allow(clippy::print_stdout, reason = "this is how cargo is spoken to")]
    {
        println!("cargo:rerun-if-changed=../../docs/messages");
    }
}
