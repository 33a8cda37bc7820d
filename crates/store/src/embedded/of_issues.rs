//! Documents of a set of issues.

use std::sync::Arc;

use reenact_model::IssueId;
use tantivy::columnar::ColumnValues;
use tantivy::query::{ConstScorer, EnableScoring, Explanation, Query, Scorer, TermSetQuery, Weight};
use tantivy::schema::Field;
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError, Term};

use crate::IssueSet;

/// Issues whose documents are looked up in the index one by one; with more of them each document's issue is
/// looked at instead.
const TERMS_MAX: usize = 1_000;

/// The documents of the issues.
pub(super) fn of_issues(field: Field, issues: &IssueSet) -> Box<dyn Query> {
    if issues.len() <= TERMS_MAX {
        let terms = issues.iter().map(|id| Term::from_field_u64(field, id.0));
        return Box::new(TermSetQuery::new(terms));
    }
    Box::new(OfIssues(issues.clone()))
}

/// Looks at the issue of each document, in its column.
#[derive(Clone, Debug)]
struct OfIssues(IssueSet);

impl Query for OfIssues {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for OfIssues {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let column = segment.fast_fields().u64("issue")?.first_or_default_col(0);
        let mut documents = Documents { issues: self.0.clone(), column, document: 0, end: segment.max_doc() };
        documents.settle();
        Ok(Box::new(ConstScorer::new(documents, boost)))
    }

    fn explain(&self, segment: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(segment, 1.0)?;
        if scorer.doc() > document || scorer.seek(document) != document {
            return Err(TantivyError::InvalidArgument(format!("document {document} is of another issue")));
        }
        Ok(Explanation::new("of issues", 1.0))
    }
}

struct Documents {
    issues: IssueSet,
    column: Arc<dyn ColumnValues<u64>>,
    document: DocId,
    end: DocId,
}

impl Documents {
    /// Goes on to the first document from here that is in the set.
    fn settle(&mut self) {
        while self.document < self.end && !self.issues.contains(IssueId(self.column.get_val(self.document))) {
            self.document += 1;
        }
        if self.document >= self.end {
            self.document = TERMINATED;
        }
    }
}

impl DocSet for Documents {
    fn advance(&mut self) -> DocId {
        if self.document != TERMINATED {
            self.document += 1;
            self.settle();
        }
        self.document
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.document < target {
            self.document = target;
            self.settle();
        }
        self.document
    }

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        self.end
    }
}
