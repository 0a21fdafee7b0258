//! What a person and a program see of Throughline, from outside. Each test starts what it needs, and nothing is shared.

mod context;
mod conventions;
mod documents;
mod download;
mod durability;
mod failing_sign_in;
mod firefox;
mod logs;
mod navigation;
mod npm;
mod outage;
mod page;
mod panic;
mod provider;
mod security;
mod sign_in;
mod trunk_serve;
mod viewer;
mod vitals;
