//! What is wrong with an access token. For the log: the answer never says more than that it is not
//! valid. Nothing here quotes the token.

/// What is wrong with an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("it is longer than any that is looked at")]
    TooLong,
    #[error("it does not have three parts in Base64url")]
    NotInParts,
    #[error("its header is not understood")]
    Header,
    #[error("its header demands an extension")]
    Critical,
    #[error("its typ is neither at+jwt nor JWT")]
    Type,
    #[error("its alg is none that is accepted")]
    Algorithm,
    #[error("its claims are not understood, or one that is needed is missing")]
    Claims,
    #[error("its sub can't name a caller")]
    Subject,
    #[error("its iss is no issuer of this seller")]
    Issuer,
    #[error("its aud is somebody else")]
    Audience,
    #[error("it has expired")]
    Expired,
    #[error("it is not yet valid")]
    NotYet,
    #[error("its issuer publishes no key of its kid")]
    UnknownKey,
    #[error("its alg does not fit the key")]
    KeyMismatch,
    #[error("its signature is not the key's")]
    Signature,
}
