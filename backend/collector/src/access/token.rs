//! The token that opens the viewer.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const FILE: &str = "telemetry-token";

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read or written.
    #[error("cannot use the token file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// There are no random numbers.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// The token of this installation, from `telemetry-token` in `data_dir`; made (256 random bits, readable by its owner
/// only) where there is none. Show it on a terminal only, and never log it.
///
/// # Errors
/// The file cannot be read or written.
pub fn load_or_create_token(data_dir: impl AsRef<Path>) -> Result<String, TokenError> {
    let path = data_dir.as_ref().join(FILE);
    let failed = |source| TokenError::File {
        path: path.clone(),
        source,
    };
    match fs::read_to_string(&path) {
        Ok(token) if !token.trim().is_empty() => Ok(token.trim().to_owned()),
        Ok(_) => create(&path)?.map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(&path)?.map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

/// 256 random bits, as text for a URL.
pub(super) fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn create(path: &Path) -> Result<io::Result<String>, getrandom::Error> {
    let token = random()?;
    Ok(write(path, &token).map(|()| token))
}

fn write(path: &Path, token: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{token}")?;
    file.sync_all()
}

/// A token that can be compared and nothing else. Hashed, so that its length does not show in the time, either.
#[derive(Clone)]
pub(crate) struct TokenHash([u8; 32]);

impl TokenHash {
    pub(crate) fn new(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    pub(crate) fn matches(&self, token: &str) -> bool {
        self.0.ct_eq(&Self::new(token).0).into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let token = load_or_create_token(&data_dir).unwrap();
        assert_eq!(token.len(), 43);
        assert_eq!(load_or_create_token(&data_dir).unwrap(), token);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(data_dir.join(FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
