//! Limits on what one request may cost.

/// Limits on decoding, each with its unit in its name. What goes over is cut and marked, or refused
/// with a reason; it never takes its siblings down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of one request body after decompression, in bytes.
    pub body_bytes_max: usize,
    /// Size of one request body as sent, in bytes.
    pub compressed_bytes_max: usize,
    /// Spans in one request.
    pub spans_max: usize,
    /// Nesting of containers in a payload.
    pub depth_max: usize,
    /// Length of one text other than a stack trace, in bytes; longer ones are cut.
    pub text_bytes_max: usize,
    /// Length of one stack trace, in bytes; longer ones are cut in the middle.
    pub stack_bytes_max: usize,
    /// Tags of one span that are kept.
    pub tags_max: usize,
    /// Frames of one exception that are kept; the outermost go first.
    pub frames_max: usize,
    /// Exceptions of one chain that are kept; the outermost go first.
    pub chain_max: usize,
    /// Spans of an event's trace that are kept with it.
    pub trace_spans_max: usize,
    /// Handled exceptions of one span that are kept.
    pub span_events_max: usize,
    /// Snapshots in one request.
    pub snapshots_max: usize,
    /// Size of the JSON text of one snapshot, in bytes.
    pub snapshot_bytes_max: usize,
    /// Values (at any depth) of one snapshot that are kept.
    pub values_max: usize,
    /// Nesting of values in one snapshot.
    pub value_depth_max: usize,
    /// Length of the text of one value, in bytes; longer ones are cut.
    pub value_bytes_max: usize,
}

impl Limits {
    /// The limits in force unless the configuration says otherwise.
    pub const DEFAULT: Self = Self {
        body_bytes_max: 32 << 20,
        compressed_bytes_max: 32 << 20,
        spans_max: 200_000,
        depth_max: 64,
        text_bytes_max: 25_000,
        stack_bytes_max: 256 << 10,
        tags_max: 256,
        frames_max: 250,
        chain_max: 20,
        trace_spans_max: 100,
        span_events_max: 100,
        snapshots_max: 4_096,
        snapshot_bytes_max: 2 << 20,
        values_max: 20_000,
        value_depth_max: 32,
        value_bytes_max: 64 << 10,
    };
}
