//! `/symdb/v1/input`: the symbols of a service's modules; only counted.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use reenact_model::Limits;
use serde::Deserialize;

use crate::json::{Loose, LooseList};
use crate::text::cut;
use crate::{DecodeError, check_size, multipart};

/// Parts of a body that are looked at.
const PARTS_MAX: usize = 64;

/// What one upload of symbols held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SymbolUpload {
    /// The service.
    pub service: String,
    /// The version of the service.
    pub version: String,
    /// The programming language.
    pub language: String,
    /// The client's id of the process.
    pub runtime_id: String,
    /// The client's id of the upload, which may have several batches.
    pub upload_id: String,
    /// The number of this batch, from 1.
    pub batch_number: u64,
    /// Whether it is the last batch.
    pub is_final: bool,
    /// Modules in it.
    pub scopes: u64,
    /// Size of the symbols after decompression, in bytes.
    pub symbol_bytes: u64,
}

/// Reads what one upload of symbols is about, and counts its modules.
///
/// `content_type` names the boundary; without one the first line of the body does.
///
/// - **Limits:** `limits.body_bytes_max` for the body and again for all decompressed symbols.
/// - **Source:** ddtrace 4.16, recorded in `fixtures/ddtrace/4.16-symdb`.
///
/// # Errors
/// [`DecodeError::TooLarge`] for a body or symbols over the limit; [`DecodeError::Malformed`] when
/// there is no part `event` or `file`, or the symbols are not gzip or not JSON.
pub fn decode(body: &[u8], content_type: Option<&str>, limits: &Limits) -> Result<SymbolUpload, DecodeError> {
    check_size(body, limits.body_bytes_max)?;
    let boundary = content_type.and_then(multipart::boundary_of_header);
    let boundary = boundary.unwrap_or_else(|| multipart::boundary_of_body(body));
    let mut upload = None;
    for part in multipart::parts(body, boundary).take(PARTS_MAX) {
        match part.name.as_deref() {
            Some("event") => read_event(part.content, upload.get_or_insert_default(), limits)?,
            Some("file") => read_symbols(part.content, upload.get_or_insert_default(), limits)?,
            _ => {}
        }
    }
    upload.ok_or_else(|| DecodeError::Malformed { at: 0, message: "no part `event` or `file`".to_owned() })
}

fn read_event(content: &[u8], upload: &mut SymbolUpload, limits: &Limits) -> Result<(), DecodeError> {
    let content = String::from_utf8_lossy(content);
    let event: Event<'_> = crate::json::parse_object(&content)?;
    let text = |loose: Loose<'_>| cut(&loose.text(), limits.text_bytes_max).to_owned();
    upload.service = text(event.service);
    upload.version = text(event.version);
    upload.language = text(event.language);
    upload.runtime_id = text(event.runtime_id);
    upload.upload_id = text(event.upload_id);
    upload.batch_number = event.batch_num.text().parse().unwrap_or(0);
    upload.is_final = event.is_final.raw() == "true";
    Ok(())
}

fn read_symbols(content: &[u8], upload: &mut SymbolUpload, limits: &Limits) -> Result<(), DecodeError> {
    let mut symbols = Vec::new();
    if content.starts_with(&[0x1f, 0x8b]) {
        let bytes_max = (limits.body_bytes_max as u64).saturating_sub(upload.symbol_bytes);
        let mut capped = MultiGzDecoder::new(content).take(bytes_max + 1);
        capped.read_to_end(&mut symbols).map_err(|_| DecodeError::Malformed {
            at: 0,
            message: "part `file` is not whole gzip data".to_owned(),
        })?;
        if symbols.len() as u64 > bytes_max {
            return Err(DecodeError::TooLarge { bytes: symbols.len() as u64, bytes_max });
        }
    } else {
        symbols.extend_from_slice(content);
    }
    let text = String::from_utf8_lossy(&symbols);
    let file: Symbols<'_> = crate::json::parse_object(&text)?;
    upload.scopes = upload.scopes.saturating_add(file.scopes.count);
    upload.symbol_bytes = upload.symbol_bytes.saturating_add(symbols.len() as u64);
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(default, borrow)]
    service: Loose<'a>,
    #[serde(default, borrow)]
    version: Loose<'a>,
    #[serde(default, borrow)]
    language: Loose<'a>,
    #[serde(default, borrow)]
    runtime_id: Loose<'a>,
    #[serde(default, borrow)]
    upload_id: Loose<'a>,
    #[serde(default, borrow)]
    batch_num: Loose<'a>,
    #[serde(default, borrow, rename = "final")]
    is_final: Loose<'a>,
}

#[derive(Deserialize)]
struct Symbols<'a> {
    #[serde(default, borrow)]
    scopes: LooseList<'a>,
}
