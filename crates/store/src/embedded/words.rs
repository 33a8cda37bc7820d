//! Our words as a tokenizer of the search engine, so that both sides split texts alike.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::filter::words;

/// The tokenizer's name in the schema.
pub(super) const WORDS: &str = "reenact_words";

/// Splits texts as [`words`] does.
#[derive(Clone, Copy, Debug)]
pub(super) struct WordTokenizer;

/// The words of one text.
pub(super) struct WordStream {
    words: std::vec::IntoIter<String>,
    token: Token,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        WordStream { words: words(text).into_iter(), token: Token::default() }
    }
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        let Some(text) = self.words.next() else { return false };
        self.token.text = text;
        // The first one wraps around to 0.
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
