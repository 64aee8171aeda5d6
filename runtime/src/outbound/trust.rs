//! Which certificates are believed.
//!
//! The roots of the machine where it has any. A container often has none, and a seller that could
//! send no notification from it would fail long after it was deployed; so the roots of Mozilla's
//! programme are compiled in for that case. Nothing is installed for the whole process: the crypto
//! provider belongs to this client, and an adopter may use another.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// TLS for the client can't be set up.
#[derive(Debug, thiserror::Error)]
#[error("the client for outgoing requests can't be set up: {0}")]
pub struct SetupError(#[from] rustls::Error);

/// TLS 1.2 and 1.3 over HTTP/1.1, verified against the roots and against `more`.
pub(super) fn tls(more: Vec<CertificateDer<'static>>) -> Result<ClientConfig, SetupError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    let (taken, _) = roots.add_parsable_certificates(native.certs);
    if taken == 0 {
        tracing::info!("the machine has no root certificates; those compiled in are used");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for certificate in more {
        roots.add(certificate)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
