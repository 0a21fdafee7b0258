//! The command line.

use std::{
    ffi::OsString,
    io::{self, IsTerminal},
};

use anyhow::{Context, bail};
use lexopt::prelude::*;
use rag_admin_api::Role;
use rag_admin_server::Secret;

pub(crate) const USAGE: &str = "\
rag-admin-server                              serve; settings come from the environment
rag-admin-server user add [--admin] EMAIL     add a user; the password is asked for, or read from standard input

HOST, PORT, DATA_DIR, DATABASE_URL, DEMO_USER, TRUSTED_ORIGINS, TELEMETRY_TOKEN, OTLP_HTTP_ADDR, TELEMETRY_EMAIL,
OTEL_*, RUST_LOG: see backend/app/README.md";

#[derive(Debug)]
pub(crate) enum Command {
    Serve,
    AddUser { email: String, role: Role },
    Help,
}

pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<Command> {
    let mut parser = lexopt::Parser::from_iter(arguments);
    let mut words: Vec<String> = Vec::new();
    let mut role = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("admin") => role = Some(Role::Admin),
            Long("help") | Short('h') => return Ok(Command::Help),
            Value(word) => words.push(word.string()?),
            Short(_) | Long(_) => return Err(argument.unexpected().into()),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match (words.as_slice(), role) {
        ([], None) => Ok(Command::Serve),
        (["user", "add", email], role) => Ok(Command::AddUser {
            email: (*email).to_owned(),
            role: role.unwrap_or(Role::User),
        }),
        _ => bail!("what is to be done?\n\n{USAGE}"),
    }
}

/// The password of a new user: never an argument, which every user of the machine could read.
pub(crate) fn read_password() -> anyhow::Result<Secret> {
    if io::stdin().is_terminal() {
        let password = rpassword::prompt_password("Password: ")?;
        if rpassword::prompt_password("The same again: ")? != password {
            bail!("The two passwords differ.");
        }
        return Ok(Secret::new(password));
    }
    let mut line = String::new();
    io::stdin()
        .read_line(&mut line)
        .context("no password on standard input")?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}
