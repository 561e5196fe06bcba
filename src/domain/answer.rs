//! What the register holds for a subject: chosen from the units found, counted, and told in one order.

use super::{generation::GenerationFacts, inquiry::Inquiry, matching::Withholding, record::Unit, wire::Malformed};

/// Version of the rules of matching and reporting; it grows whenever an answer to the same question may change.
pub const RULES_VERSION: u32 = 1;

/// The statement that every answer carries.
pub const STATEMENT: &str = "本结果依不动产登记数据库导出数据作出，与不动产登记簿不一致的，以不动产登记簿为准；人民法院可以到不动产登记机构现场核实。";

/// What was found and what was shown. Counted by registration; `found` = `reported` + the sum of `withheld`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Registrations that concern, or might concern, the subject.
    pub found: u64,
    /// Those reported.
    pub reported: u64,
    /// Those not shown, by rule, ascending; only rules that withheld something.
    pub withheld: Vec<(Withholding, u64)>,
}

/// The answer to one inquiry, wholly from one generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Echo of the inquiry's.
    pub request_number: String,
    /// From which data.
    pub generation: GenerationFacts,
    /// [`RULES_VERSION`] of the composer.
    pub rules_version: u32,
    /// In the order of unit number, then group; each with the registrations reported on it.
    pub units: Vec<Unit>,
    /// What was searched.
    pub coverage: Coverage,
    /// [`STATEMENT`].
    pub statement: String,
}

impl Answer {
    /// Composes the answer to `inquiry` from the units that its search keys lead to.
    #[must_use]
    pub fn compose(_inquiry: &Inquiry, _units: Vec<Unit>, _generation: &GenerationFacts) -> Self {
        todo!()
    }

    /// The bytes of `bdcd.query.v1.Answer`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        todo!()
    }

    /// Reads the bytes of `bdcd.query.v1.Answer`.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where they are no answer.
    pub fn decode(_bytes: &[u8]) -> Result<Self, Malformed> {
        todo!()
    }
}
