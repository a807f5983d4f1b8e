#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| strange_input::read("log", bytes));
