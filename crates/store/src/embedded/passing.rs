//! Documents with a value that passes a test.

use reenact_model::IssueId;
use tantivy::query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field as IndexField, IndexRecordOption};
use tantivy::{BitSet, DocId, DocSet, Score, SegmentReader, TantivyError};

use crate::{Field, Test};

/// The documents with a value of the field in the index that begins with `start` and whose rest, as a value of
/// `field`, passes. Looks at each different value of a segment once.
pub(super) fn passing(index: IndexField, start: String, field: Field, test: Test) -> Box<dyn Query> {
    Box::new(Passing { index, start, field, test })
}

#[derive(Clone, Debug)]
struct Passing {
    index: IndexField,
    start: String,
    field: Field,
    test: Test,
}

impl Passing {
    fn holds(&self, term: &[u8]) -> bool {
        if self.field == Field::Issue {
            let id = term.try_into().map(u64::from_be_bytes);
            return id.is_ok_and(|id| self.test.holds(&self.field, &IssueId(id).to_string()));
        }
        std::str::from_utf8(&term[self.start.len()..]).is_ok_and(|value| self.test.holds(&self.field, value))
    }
}

impl Query for Passing {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Passing {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let inverted = segment.inverted_index(self.index)?;
        let mut documents = BitSet::with_max_value(segment.max_doc());
        let mut terms = inverted.terms().range().ge(self.start.as_bytes()).into_stream()?;
        while terms.advance() && terms.key().starts_with(self.start.as_bytes()) {
            if !self.holds(terms.key()) {
                continue;
            }
            let mut postings =
                inverted.read_block_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
            while !postings.docs().is_empty() {
                for document in postings.docs() {
                    documents.insert(*document);
                }
                postings.advance();
            }
        }
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(documents), boost)))
    }

    fn explain(&self, segment: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(segment, 1.0)?;
        if scorer.doc() > document || scorer.seek(document) != document {
            return Err(TantivyError::InvalidArgument(format!("document {document} has no such value")));
        }
        Ok(Explanation::new("passing", 1.0))
    }
}
