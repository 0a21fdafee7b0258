//! Every query on `users`.

use rag_admin_api::{Role, User};
use sqlx::{FromRow, any::AnyExecutor};

use super::Email;

/// An account with what proves that it is one's own.
#[derive(Debug, FromRow)]
pub(crate) struct Account {
    #[sqlx(flatten, try_from = "Row")]
    pub(crate) user: User,
    pub(crate) password_hash: String,
}

#[derive(FromRow)]
struct Row {
    id: String,
    email: String,
    role: String,
}

pub(crate) async fn find_by_email(
    db: impl AnyExecutor<'_>,
    email: &Email,
) -> sqlx::Result<Option<Account>> {
    sqlx::query_as("SELECT id, email, role, password_hash FROM users WHERE email = $1")
        .bind(email.as_str())
        .fetch_optional(db)
        .await
}

pub(crate) async fn find_by_id(db: impl AnyExecutor<'_>, id: &str) -> sqlx::Result<Option<User>> {
    let row: Option<Row> = sqlx::query_as("SELECT id, email, role FROM users WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await?;
    Ok(row.map(User::from))
}

/// The users that were added after one, oldest first; all of them if nobody has this id.
pub(crate) async fn page(
    db: impl AnyExecutor<'_>,
    after: &str,
    limit: u32,
) -> sqlx::Result<Vec<User>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, email, role FROM users \
         WHERE (created_at, id) > (COALESCE((SELECT created_at FROM users WHERE id = $1), 0), $1) \
         ORDER BY created_at, id LIMIT $2",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// What proves that somebody is this user. `None` if there is no such user.
pub(crate) async fn password_hash(
    db: impl AnyExecutor<'_>,
    id: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

pub(crate) async fn set_password_hash(
    db: impl AnyExecutor<'_>,
    id: &str,
    password_hash: &str,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1")
        .bind(id)
        .bind(password_hash)
        .execute(db)
        .await
        .map(drop)
}

/// Adds a user; false if the e-mail address has an account already.
pub(crate) async fn insert(
    db: impl AnyExecutor<'_>,
    user: &User,
    password_hash: &str,
    now: i64,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO users (id, email, password_hash, role, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (email) DO NOTHING",
    )
    .bind(&user.id)
    .bind(&user.email)
    .bind(password_hash)
    .bind(user.role.as_str())
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

impl From<Row> for User {
    fn from(row: Row) -> User {
        let role = if row.role == Role::Admin.as_str() {
            Role::Admin
        } else {
            Role::User
        };
        User {
            id: row.id,
            email: row.email,
            role,
        }
    }
}
