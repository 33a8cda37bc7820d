//! What our own clients send. One module per version; `docs/reference/native-protocol.md` describes it for those who
//! write another client.

pub mod v1;
