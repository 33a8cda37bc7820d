//! Conversions of small heaps.
