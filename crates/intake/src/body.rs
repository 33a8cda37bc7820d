//! Reading request bodies within limits.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Limits on the bodies of requests.
#[derive(Clone, Debug)]
pub struct BodyLimits {
    /// Size as sent, in bytes.
    pub compressed_bytes_max: usize,
    /// Size after decompression, in bytes.
    pub body_bytes_max: usize,
    /// Memory for the bodies of all requests under way, in bytes.
    pub budget_bytes: usize,
    /// Time in which a body has to arrive whole.
    pub body_timeout: Duration,
    /// Time between two parts of a body.
    pub idle_timeout: Duration,
}

impl BodyLimits {
    /// The limits in force unless the configuration says otherwise.
    pub const DEFAULT: Self = Self {
        compressed_bytes_max: 32 << 20,
        body_bytes_max: 32 << 20,
        budget_bytes: 256 << 20,
        body_timeout: Duration::from_secs(30),
        idle_timeout: Duration::from_secs(10),
    };
}

/// Why a body was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body is over the limit of {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    #[error("the body did not arrive within {seconds} seconds")]
    TooSlow { seconds: u64 },
    #[error("the body ended early")]
    Broken,
    #[error("the requests under way hold all the memory that they may; try again later")]
    Busy,
    #[error("content encoding `{0}` is not supported; send `gzip`, `deflate`, `zstd` or none")]
    Encoding(String),
    #[error("the body is not valid {0}")]
    Compression(&'static str),
}

impl BodyError {
    pub(crate) fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::TooSlow { .. } => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            Self::Broken | Self::Compression(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Self::Busy => (StatusCode::TOO_MANY_REQUESTS, "overloaded"),
            Self::Encoding(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoding_unsupported"),
        }
    }
}

/// A body in memory; gives its share of the budget back when dropped.
#[derive(Debug)]
pub(crate) struct ReadBody {
    bytes: Bytes,
    encoding: Encoding,
    _share: Vec<OwnedSemaphorePermit>,
}

/// Body that takes less than a millisecond to decode, in bytes.
const SMALL_BYTES: usize = 128 << 10;

impl ReadBody {
    /// Whether it costs little to decode. A compressed body may cost any amount.
    pub(crate) fn is_small(&self) -> bool {
        self.encoding == Encoding::Identity && self.bytes.len() <= SMALL_BYTES
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Deflate,
    Zstd,
}

/// Reads bodies for all requests of the process, within one budget.
#[derive(Clone, Debug)]
pub struct Reader {
    limits: BodyLimits,
    budget: Arc<Semaphore>,
}

/// Unit of the memory budget, in bytes.
const SHARE_BYTES: usize = 4096;

impl Reader {
    /// A reader with a budget of its own.
    pub fn new(limits: BodyLimits) -> Self {
        let budget = Arc::new(Semaphore::new(limits.budget_bytes.div_ceil(SHARE_BYTES)));
        Self { limits, budget }
    }

    pub(crate) async fn read(
        &self,
        headers: &HeaderMap,
        body: axum::body::Body,
    ) -> Result<ReadBody, BodyError> {
        let encoding = encoding(headers)?;
        let bytes_max = self.limits.compressed_bytes_max;
        let announced =
            headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > bytes_max) {
            return Err(BodyError::TooLarge { bytes_max });
        }
        let seconds = self.limits.body_timeout.as_secs();
        tokio::time::timeout(self.limits.body_timeout, self.collect(body, encoding))
            .await
            .unwrap_or(Err(BodyError::TooSlow { seconds }))
    }

    async fn collect(&self, mut body: axum::body::Body, encoding: Encoding) -> Result<ReadBody, BodyError> {
        let bytes_max = self.limits.compressed_bytes_max;
        let mut bytes = BytesMut::new();
        let mut share = Vec::new();
        let mut shared_bytes = 0;
        loop {
            let frame = tokio::time::timeout(self.limits.idle_timeout, body.frame())
                .await
                .map_err(|_| BodyError::TooSlow { seconds: self.limits.idle_timeout.as_secs() })?;
            let Some(frame) = frame else { break };
            let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
            if bytes.len() + data.len() > bytes_max {
                return Err(BodyError::TooLarge { bytes_max });
            }
            while shared_bytes < bytes.len() + data.len() {
                // Large steps: a body of 32 MB takes a few hundred permits, not thousands.
                let step = (shared_bytes / SHARE_BYTES).clamp(16, 256);
                let permit = Arc::clone(&self.budget)
                    .try_acquire_many_owned(u32::try_from(step).unwrap_or(u32::MAX))
                    .map_err(|_| BodyError::Busy)?;
                share.push(permit);
                shared_bytes += step * SHARE_BYTES;
            }
            bytes.extend_from_slice(&data);
        }
        Ok(ReadBody { bytes: bytes.freeze(), encoding, _share: share })
    }

    /// Decompresses a body up to the limit. Takes CPU time; not for an async thread.
    pub(crate) fn decompress(&self, body: &ReadBody) -> Result<Bytes, BodyError> {
        let compressed = body.bytes.as_ref();
        match body.encoding {
            Encoding::Identity if compressed.len() > self.limits.body_bytes_max => {
                Err(BodyError::TooLarge { bytes_max: self.limits.body_bytes_max })
            }
            Encoding::Identity => Ok(body.bytes.clone()),
            Encoding::Gzip => self.read_capped(flate2::read::MultiGzDecoder::new(compressed), "gzip"),
            Encoding::Deflate => self.read_capped(flate2::read::ZlibDecoder::new(compressed), "deflate"),
            Encoding::Zstd => {
                let mut decoder =
                    zstd::Decoder::with_buffer(compressed).map_err(|_| BodyError::Compression("zstd"))?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|_| BodyError::Compression("zstd"))?;
                self.read_capped(decoder, "zstd")
            }
        }
    }

    fn read_capped(&self, reader: impl Read, format: &'static str) -> Result<Bytes, BodyError> {
        let bytes_max = self.limits.body_bytes_max;
        let mut bytes = Vec::new();
        reader
            .take(bytes_max as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| BodyError::Compression(format))?;
        if bytes.len() > bytes_max {
            return Err(BodyError::TooLarge { bytes_max });
        }
        Ok(bytes.into())
    }
}

/// Largest window of a zstd body, as a power of two in bytes: 32 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 25;

fn encoding(headers: &HeaderMap) -> Result<Encoding, BodyError> {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else {
        return Ok(Encoding::Identity);
    };
    match value.to_str().unwrap_or("?").trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Encoding::Identity),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        "deflate" => Ok(Encoding::Deflate),
        "zstd" => Ok(Encoding::Zstd),
        // Only the name's beginning is repeated: a header is foreign text.
        other => Err(BodyError::Encoding(
            other.chars().take(40).filter(|c| c.is_ascii_alphanumeric() || ", -".contains(*c)).collect(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn small() -> Reader {
        Reader::new(BodyLimits {
            body_bytes_max: 1000,
            compressed_bytes_max: 1000,
            budget_bytes: 100_000,
            ..BodyLimits::DEFAULT
        })
    }

    fn held(bytes: Vec<u8>, encoding: Encoding) -> ReadBody {
        ReadBody { bytes: bytes.into(), encoding, _share: Vec::new() }
    }

    #[test]
    fn a_compressed_body_is_stopped_at_the_limit() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&vec![0; 10_000_000]).unwrap();
        let bomb = held(gzip.finish().unwrap(), Encoding::Gzip);
        assert!(matches!(small().decompress(&bomb), Err(BodyError::TooLarge { bytes_max: 1000 })));
        let bomb = held(zstd::encode_all(&vec![0; 10_000_000][..], 3).unwrap(), Encoding::Zstd);
        assert!(matches!(small().decompress(&bomb), Err(BodyError::TooLarge { bytes_max: 1000 })));
    }

    #[test]
    fn what_is_not_compressed_as_announced_is_refused() {
        for encoding in [Encoding::Gzip, Encoding::Deflate, Encoding::Zstd] {
            let body = held(b"plain text".to_vec(), encoding);
            assert!(matches!(small().decompress(&body), Err(BodyError::Compression(_))));
        }
    }

    #[tokio::test]
    async fn the_budget_is_shared_and_given_back() {
        let reader = Reader::new(BodyLimits { budget_bytes: 64 << 10, ..BodyLimits::DEFAULT });
        let headers = HeaderMap::new();
        let first = reader.read(&headers, vec![1; 60_000].into()).await.unwrap();
        let second = reader.read(&headers, vec![1; 60_000].into()).await;
        assert!(matches!(second, Err(BodyError::Busy)), "{second:?}");
        drop(first);
        assert!(reader.read(&headers, vec![1; 60_000].into()).await.is_ok());
    }
}
