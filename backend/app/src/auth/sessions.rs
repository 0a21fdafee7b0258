//! Every query on `refresh_tokens`, and the rules of a session.
//!
//! A sign-in gives out a pair of tokens. The access token opens doors for a quarter of an hour; the refresh token is
//! exchanged, once, for the next pair. If one is exchanged again later, a thief has it or had it: every pair that came
//! from the same sign-in is revoked. Two tabs that exchange it in the same moment are no thieves: each gets a pair.

use std::time::Duration;

use rag_admin_api::User;
use sqlx::{FromRow, any::AnyExecutor};

use super::tokens::{Secret, random_id};
use crate::{db::Db, users};

pub(crate) const ACCESS_LIFETIME: Duration = Duration::from_secs(15 * 60);
pub(crate) const REFRESH_LIFETIME: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How long after its first exchange a refresh token can be exchanged again: by another tab, or by one that never got
/// the answer.
const GRACE: Duration = Duration::from_secs(10);

/// What a browser keeps of a session.
#[derive(Debug)]
pub(crate) struct TokenPair {
    pub(crate) access: Secret,
    pub(crate) refresh: Secret,
}

/// What became of a refresh token.
#[derive(Debug)]
pub(crate) enum Exchange {
    Renewed(TokenPair, User),
    /// It was exchanged before: the session is revoked now.
    Reused,
    /// It is unknown, expired or revoked.
    Refused,
}

#[derive(FromRow)]
struct Owner {
    family: String,
    user_id: String,
}

/// Opens a session.
pub(crate) async fn open(db: &Db, user_id: &str, now: i64) -> anyhow::Result<TokenPair> {
    give_out(db, user_id, &random_id()?, now).await
}

/// Exchanges a refresh token for a new pair.
pub(crate) async fn exchange(db: &Db, refresh: &Secret, now: i64) -> anyhow::Result<Exchange> {
    // One statement finds and marks it: the first of two exchanges says from when the other is too late.
    let owner: Option<Owner> = sqlx::query_as(
        "UPDATE refresh_tokens SET used_at = COALESCE(used_at, $2) \
         WHERE refresh_hash = $1 AND COALESCE(used_at, $2) > $3 AND revoked_at IS NULL \
         AND refresh_expires_at > $2 RETURNING family, user_id",
    )
    .bind(refresh.hash())
    .bind(now)
    .bind(now.saturating_sub_unsigned(GRACE.as_secs()))
    .fetch_optional(db)
    .await?;
    let Some(Owner { family, user_id }) = owner else {
        return Ok(if revoke_reused(db, refresh, now).await? {
            Exchange::Reused
        } else {
            Exchange::Refused
        });
    };
    let Some(user) = users::find_by_id(db, &user_id).await? else {
        return Ok(Exchange::Refused);
    };
    let pair = give_out(db, &user_id, &family, now).await?;
    Ok(Exchange::Renewed(pair, user))
}

/// Whose access token this is.
pub(crate) async fn find(
    db: impl AnyExecutor<'_> + Copy,
    access: &Secret,
    now: i64,
) -> sqlx::Result<Option<User>> {
    let owner: Option<Owner> = sqlx::query_as(
        "SELECT family, user_id FROM refresh_tokens \
         WHERE access_hash = $1 AND access_expires_at > $2 AND revoked_at IS NULL",
    )
    .bind(access.hash())
    .bind(now)
    .fetch_optional(db)
    .await?;
    match owner {
        Some(owner) => users::find_by_id(db, &owner.user_id).await,
        None => Ok(None),
    }
}

/// Ends the session that either token belongs to.
pub(crate) async fn revoke(
    db: &Db,
    access: Option<&Secret>,
    refresh: Option<&Secret>,
    now: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE refresh_tokens SET revoked_at = $3 WHERE revoked_at IS NULL AND family IN \
         (SELECT family FROM refresh_tokens WHERE access_hash = $1 OR refresh_hash = $2)",
    )
    .bind(access.map(Secret::hash))
    .bind(refresh.map(Secret::hash))
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Ends every session of a user.
pub(crate) async fn revoke_all(db: &Db, user_id: &str, now: i64) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE refresh_tokens SET revoked_at = $2 WHERE revoked_at IS NULL AND user_id = $1",
    )
    .bind(user_id)
    .bind(now)
    .execute(db)
    .await
    .map(drop)
}

/// How many sessions can still be renewed.
pub(crate) async fn count_active(db: impl AnyExecutor<'_>, now: i64) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar(
        "SELECT count(DISTINCT family) FROM refresh_tokens \
         WHERE revoked_at IS NULL AND used_at IS NULL AND refresh_expires_at > $1",
    );
    count.bind(now).fetch_one(db).await
}

/// Deletes what has no use any more.
pub(crate) async fn forget_expired(db: impl AnyExecutor<'_>, now: i64) -> sqlx::Result<u64> {
    let done = sqlx::query("DELETE FROM refresh_tokens WHERE refresh_expires_at <= $1").bind(now);
    Ok(done.execute(db).await?.rows_affected())
}

async fn revoke_reused(db: &Db, refresh: &Secret, now: i64) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE refresh_tokens SET revoked_at = $2 WHERE revoked_at IS NULL AND family IN \
         (SELECT family FROM refresh_tokens WHERE refresh_hash = $1 AND used_at IS NOT NULL)",
    )
    .bind(refresh.hash())
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

async fn give_out(db: &Db, user_id: &str, family: &str, now: i64) -> anyhow::Result<TokenPair> {
    let pair = TokenPair {
        access: Secret::random()?,
        refresh: Secret::random()?,
    };
    sqlx::query(
        "INSERT INTO refresh_tokens \
         (refresh_hash, access_hash, family, user_id, created_at, access_expires_at, refresh_expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(pair.refresh.hash())
    .bind(pair.access.hash())
    .bind(family)
    .bind(user_id)
    .bind(now)
    .bind(after(now, ACCESS_LIFETIME))
    .bind(after(now, REFRESH_LIFETIME))
    .execute(db)
    .await?;
    Ok(pair)
}

fn after(now: i64, lifetime: Duration) -> i64 {
    now.saturating_add_unsigned(lifetime.as_secs())
}

#[cfg(test)]
mod tests;
