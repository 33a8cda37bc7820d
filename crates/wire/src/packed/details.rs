//! What our own clients tell of a frame in addition, packed.

use reenact_model::{CodePosition, FrameDetails, ParameterKind, Runtime, SourceLines};

use super::Packer;

/// The bits that say which details a frame has, lowest first.
#[derive(Clone, Copy)]
pub(super) enum Detail {
    Module = 0,
    QualifiedName = 1,
    Parameters = 2,
    Code = 3,
    EndLine = 4,
    Columns = 5,
    Source = 6,
    Runtime = 7,
    AtRaise = 8,
    AtEntry = 9,
}

impl Detail {
    pub(super) fn bit(self, set: bool) -> u64 {
        u64::from(set) << self as u32
    }

    pub(super) fn is_in(self, details: u64) -> bool {
        details >> (self as u32) & 1 == 1
    }
}

impl<'a> Packer<'a> {
    pub(super) fn details(&mut self, details: &'a FrameDetails) {
        let code = details.code.as_ref();
        let parts = Detail::Module.bit(details.module.is_some())
            | Detail::QualifiedName.bit(details.qualified_name.is_some())
            | Detail::Parameters.bit(!details.parameters.is_empty())
            | Detail::Code.bit(code.is_some())
            | Detail::EndLine.bit(code.is_some_and(|code| code.end_line.is_some()))
            | Detail::Columns.bit(code.is_some_and(|code| code.columns.is_some()))
            | Detail::Source.bit(details.source.is_some())
            | Detail::Runtime.bit(details.runtime.is_some())
            | Detail::AtRaise.bit(!details.at_raise.is_empty())
            | Detail::AtEntry.bit(!details.at_entry.is_empty());
        self.number(parts);
        [&details.module, &details.qualified_name]
            .into_iter()
            .filter_map(|text| text.as_deref())
            .for_each(|text| self.text(text));
        if !details.parameters.is_empty() {
            self.number(details.parameters.len() as u64);
            for parameter in &details.parameters {
                self.text(&parameter.name);
                self.shapes.push(code_of_kind(parameter.kind));
            }
        }
        if let Some(code) = code {
            self.code(code);
        }
        if let Some(source) = &details.source {
            self.source(source);
        }
        if let Some(runtime) = &details.runtime {
            self.runtime(runtime);
        }
        for names in [&details.at_raise, &details.at_entry] {
            if !names.is_empty() {
                self.fields(&names.0);
            }
        }
    }

    fn code(&mut self, code: &CodePosition) {
        [code.first_line, code.instruction, code.flags].into_iter().for_each(|part| self.number(part.into()));
        let (start, end) = code.columns.unzip();
        [code.end_line, start, end].into_iter().flatten().for_each(|part| self.number(part.into()));
    }

    fn source(&mut self, source: &'a SourceLines) {
        self.number(source.first_line.into());
        self.text(&source.file_hash);
        self.number(source.lines.len() as u64);
        source.lines.iter().for_each(|line| self.text(line));
    }

    fn runtime(&mut self, runtime: &'a Runtime) {
        [&runtime.implementation, &runtime.version, &runtime.platform]
            .into_iter()
            .for_each(|text| self.text(text));
        self.number(runtime.packages.len() as u64);
        for (name, version) in &runtime.packages {
            self.text(name);
            self.text(version);
        }
    }
}

/// The number of a kind of arguments; never changed.
pub(super) fn code_of_kind(kind: ParameterKind) -> u8 {
    match kind {
        ParameterKind::PositionalOnly => 0,
        ParameterKind::Positional => 1,
        ParameterKind::VarPositional => 2,
        ParameterKind::KeywordOnly => 3,
        ParameterKind::VarKeyword => 4,
    }
}
