use expect_test::expect;
use rag_admin_api::paths;
use serde_json::json;
use sqlx::Connection;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{ended, text, traceparent};
use crate::support::{EMAIL, PASSWORD, TestServer};

#[tokio::test]
async fn a_client_that_goes_away_ends_its_trace_where_the_request_was() {
    let server = TestServer::start().await;
    let blocked = server.block_sessions().await;
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4713";
    let address = server.server.address();
    let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let request = format!(
        "POST {} HTTP/1.1\r\nhost: {address}\r\ntraceparent: {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        paths::SIGN_IN,
        traceparent(trace_id),
        body.len(),
    );
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    // What follows the check is begun before anybody can see that it has ended.
    ended(trace_id, "verify_password").await;
    drop(client);
    expect![[r#"
        POST /api/v1/auth/signin Server Unset error.type=cancelled
          authenticate_user Internal Unset auth.method=email_password user.email=a***@example.com
            SELECT users Client Unset
            verify_password Internal Unset crypto.algorithm=bcrypt auth.password_valid=true
              bcrypt.verify Internal Unset
            INSERT refresh_tokens Client Unset
    "#]]
    .assert_eq(&text(trace_id).await);
    blocked.close().await.unwrap();
    let mut browser = server.browser();
    assert!(browser.sign_in(EMAIL, PASSWORD).await.status().is_success());
}
