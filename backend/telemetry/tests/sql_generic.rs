//! Code that is generic over the database, in a crate that depends on this one: it compiles as it does without.

use sqlx::{Database, Executor, IntoArguments, Pool, SqlitePool};
use throughline_instrument::sqlx::{System, TracedPool, trace};

/// Knows nothing of traced pools.
async fn on_sqlxs_own_pool<DB: Database>(db: &Pool<DB>) -> Result<(), sqlx::Error>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
{
    sqlx::query("SELECT 1").execute(db).await.map(drop)
}

async fn on_a_traced_pool<DB: System>(db: &TracedPool<DB>) -> Result<(), sqlx::Error>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
{
    sqlx::query("SELECT 1").execute(db).await?;
    let mut transaction = db.begin().await?;
    sqlx::query("SELECT 1").execute(&mut *transaction).await?;
    transaction.commit().await
}

#[tokio::test]
async fn code_for_any_database_runs_on_sqlxs_pool_and_on_a_traced_one() {
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    on_sqlxs_own_pool(&pool).await.unwrap();
    on_a_traced_pool(&trace(pool)).await.unwrap();
}
