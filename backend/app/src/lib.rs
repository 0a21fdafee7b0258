#![doc = include_str!("../README.md")]

mod app;
mod auth;
mod client;
mod clock;
mod conformance;
mod db;
mod documents;
mod health;
mod limit;
mod metrics;
mod openapi;
mod pages;
mod problem;
mod router;
mod server;
pub mod settings;
mod upstream;
mod users;
mod viewer;

pub use auth::Secret;
pub use pages::asset_paths;
pub use server::Server;
pub use users::add as add_user;
