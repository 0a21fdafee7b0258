//! The server as its clients see it: a real one, on a free port, with a folder of its own.

mod border;
mod pages;
mod sessions;
mod sign_in;
mod support;
mod telemetry;
mod trace;
mod w3c;
