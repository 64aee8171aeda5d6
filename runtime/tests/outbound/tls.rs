//! Connections go to the address that was checked; name, certificate and `Host` stay the buyer's.

use std::sync::Arc;

use adcp_seller::outbound::{Block, Client, Failed, Limits, Reach, Rule};
use axum::http::HeaderMap;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use crate::names::{Names, ip};
use crate::receiver::{Receiver, says};

pub(crate) const HOST: &str = "hooks.buyer.example";

/// A receiver's side of TLS for a name, and the root certificate that vouches for it.
pub(crate) fn certified(name: &str) -> (TlsAcceptor, Vec<u8>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let root = CertifiedIssuer::self_signed(params, key).expect("a root certificate");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new([name.to_owned()])
        .and_then(|params| params.signed_by(&key, &root))
        .expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate with its key");
    (TlsAcceptor::from(Arc::new(config)), root.der().to_vec())
}

/// A receiver with a certificate for [`HOST`], its URL by that name, and its root certificate.
async fn receiver(headers: &str) -> (Receiver, String, Vec<u8>) {
    let (acceptor, root) = certified(HOST);
    let receiver = Receiver::start_tls(says("200 OK", headers, "{}"), acceptor).await;
    let url = format!("https://{HOST}:{}/adcp", receiver.port());
    (receiver, url, root)
}

fn sandbox(names: &Names, root: Vec<u8>) -> Client {
    Client::builder(Reach::AndLoopback)
        .lookup(names.clone())
        .root(root)
        .build()
        .expect("a client")
}

#[tokio::test]
async fn the_connection_goes_to_the_checked_address_and_name_and_host_stay() {
    let (receiver, url, root) = receiver("").await;
    let names = Names::always(vec![ip("127.0.0.1")]);
    let client = sandbox(&names, root);
    for _ in 0..3 {
        let target = client.judge(&url).expect("a target");
        let sent = client.post(&target, HeaderMap::new(), "{}".into()).await;
        assert_eq!(sent.expect("an answer").status, 200);
    }
    assert_eq!(receiver.seen.server_names(), [HOST]);
    let host = format!("\r\nhost: {HOST}:{}\r\n", receiver.port());
    for request in receiver.seen.requests() {
        assert!(request.to_lowercase().contains(&host), "{request}");
    }
    assert_eq!(names.asked(), 1, "the connection was kept");
    assert_eq!(receiver.seen.connections(), 1);
}

#[tokio::test]
async fn a_name_that_turns_private_on_the_second_lookup_is_refused_then() {
    let (receiver, url, root) = receiver("connection: close\r\n").await;
    let names = Names::in_turn([vec![ip("127.0.0.1")], vec![ip("10.0.0.1")]]);
    let client = sandbox(&names, root);
    let first = client.get_json(&url, 1024).await.expect("an answer");
    assert_eq!(first.status, 200);
    let second = client.get_json(&url, 1024).await;
    let Err(Failed::Refused(refused)) = second else {
        panic!("not refused: {second:?}");
    };
    let (address, block) = (ip("10.0.0.1"), Block::Private);
    assert_eq!(refused.rule, Rule::Address { address, block });
    assert_eq!((names.asked(), receiver.seen.connections()), (2, 1));
}

#[tokio::test]
async fn a_certificate_for_another_name_or_of_nobody_is_not_believed() {
    let (acceptor, root) = certified("hooks.other.example");
    let other = Receiver::start_tls(says("200 OK", "", "{}"), acceptor).await;
    let names = Names::always(vec![ip("127.0.0.1")]);
    let url = format!("https://{HOST}:{}/", other.port());
    let failed = sandbox(&names, root).get_json(&url, 1024).await;
    assert!(matches!(failed, Err(Failed::Unreachable(_))), "{failed:?}");
    assert!(other.seen.requests().is_empty());

    let (stranger, url, _) = receiver("").await;
    let client = Client::builder(Reach::AndLoopback).lookup(names).build();
    let failed = client.expect("a client").get_json(&url, 1024).await;
    assert!(matches!(failed, Err(Failed::Unreachable(_))), "{failed:?}");
    assert!(stranger.seen.requests().is_empty());
}

#[tokio::test]
async fn an_address_in_the_url_is_not_looked_up() {
    let (acceptor, root) = certified("127.0.0.1");
    let receiver = Receiver::start_tls(says("200 OK", "", "{}"), acceptor).await;
    let names = Names::always(vec![ip("10.0.0.1")]);
    let client = sandbox(&names, root);
    let url = format!("https://0x7f.1:{}/", receiver.port());
    let answer = client.get_json(&url, 1024).await.expect("an answer");
    assert_eq!((answer.status.as_u16(), names.asked()), (200, 0));
}

#[tokio::test]
async fn a_root_certificate_that_is_none_is_an_error_at_once() {
    let client = Client::builder(Reach::Public)
        .limits(Limits::default())
        .root(b"no certificate".to_vec())
        .build();
    assert!(client.is_err());
}
