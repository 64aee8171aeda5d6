//! HTTP message signatures (RFC 9421) in the profile of AdCP, on requests and on webhooks.
