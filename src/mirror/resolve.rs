//! Which registrations of a unit a holder's row belongs to.
//!
//! A wrong choice here makes a stranger an owner, so where the row's own words do not decide, nothing is chosen. The rule
//! stands on the module's page, under "Holders".

use crate::domain::{
    cell::{code, none, place},
    rows::Row,
    tables::Table,
};

use super::staged::{Place, PlaceKind, StagedRow};

/// What ties a holder's row and a registration to each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ties {
    /// YWH as compared; empty where absent.
    pub(super) business: Box<str>,
    /// The certificate numbers as compared.
    pub(super) certificates: Vec<Box<str>>,
    /// QLLX as compared; empty where absent.
    pub(super) right_type: Box<str>,
    /// The table, which tells the kind of right.
    pub(super) table: Option<Table>,
}

/// The column of the certificate number of a table.
pub(super) fn certificate_column(table: Table) -> &'static str {
    match table {
        Table::Dyaq | Table::Ygdj | Table::Yydj | Table::Dyiq => "BDCDJZMH",
        _ => "BDCQZH",
    }
}

impl Ties {
    /// The ties of these three values as registered.
    pub(super) fn new(table: Table, business: &str, certificate: &str, right_type: &str) -> Self {
        Self {
            business: place::business(business).into(),
            certificates: place::certificates(certificate),
            right_type: code::folded(right_type).into(),
            table: Some(table),
        }
    }

    /// The ties of a row as cleaned.
    pub(super) fn of_row(row: Row<'_>) -> Self {
        Self::new(row.table, row.get("YWH"), row.get(certificate_column(row.table)), row.get("QLLX"))
    }

    /// Whether the business number may lead to other units: it is there, and no filler.
    pub(super) fn leads_by_business(&self) -> bool {
        !is_filler(&self.business)
    }

    /// The ties of a staged row.
    pub(super) fn of(row: &StagedRow) -> Self {
        let table = row.line.table;
        Self::new(table, row.get("YWH"), row.get(certificate_column(table)), row.get("QLLX"))
    }

    /// Whether one certificate number is on both.
    pub(super) fn shares_certificate(&self, other: &Self) -> bool {
        self.certificates.iter().any(|certificate| other.certificates.contains(certificate))
    }

    /// FDCQ1 and FDCQ2 are one kind.
    pub(super) fn kind(&self) -> Option<Table> {
        self.table.map(|table| if table == Table::Fdcq1 { Table::Fdcq2 } else { table })
    }
}

/// Whether a business number or house code is empty, a word without digits, or a filler such as `1111`: on one unit it may
/// tell rows apart, but it leads to no other.
pub(super) fn is_filler(number: &str) -> bool {
    if !number.bytes().any(|byte| byte.is_ascii_digit()) {
        return true;
    }
    let is_bare = number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let letters = || number.chars().filter(|one| one.is_alphanumeric()).collect::<String>();
    if is_bare { none::is_filler(number) } else { none::is_filler(&letters()) }
}

/// What was found for a holder's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    /// Positions among the candidates, ascending.
    Found(Vec<usize>),
    /// Several fit the business number, and nothing decides between them; or business and certificate number contradict.
    Ambiguous,
    /// None fits.
    Nothing,
}

/// Finds the registrations that `holder` belongs to.
pub(super) fn resolve(holder: &Ties, candidates: &[&Ties]) -> Resolution {
    if !holder.business.is_empty() {
        let mut same: Vec<usize> = positions(candidates, |candidate| candidate.business == holder.business);
        // A seizure has no holders, so it is never meant where another registration has its number.
        let is_seizure = |at: &usize| candidates[*at].table == Some(Table::Cfdj);
        if !same.iter().all(is_seizure) {
            same.retain(|at| !is_seizure(at));
        }
        let named = positions(candidates, |candidate| candidate.shares_certificate(holder));
        // Where business and certificate name different registrations, one of them is wrong: taking either might make a bank
        // an owner, or a former owner the present one.
        if !named.is_empty() && !same.is_empty() && !same.iter().any(|at| named.contains(at)) {
            return if same.iter().all(is_seizure) { Resolution::Found(named) } else { Resolution::Ambiguous };
        }
        if !same.is_empty() {
            return narrow(holder, candidates, same);
        }
    }
    let same = positions(candidates, |candidate| candidate.shares_certificate(holder));
    if same.is_empty() { Resolution::Nothing } else { Resolution::Found(same) }
}

fn positions(candidates: &[&Ties], fits: impl Fn(&Ties) -> bool) -> Vec<usize> {
    (0..candidates.len()).filter(|at| fits(candidates[*at])).collect()
}

/// Decides among several registrations of one business.
fn narrow(holder: &Ties, candidates: &[&Ties], same: Vec<usize>) -> Resolution {
    if same.len() == 1 {
        return Resolution::Found(same);
    }
    let of = |fits: &dyn Fn(&Ties) -> bool| -> Vec<usize> {
        same.iter().copied().filter(|at| fits(candidates[*at])).collect()
    };
    let by_certificate = of(&|candidate| candidate.shares_certificate(holder));
    if !by_certificate.is_empty() {
        return Resolution::Found(by_certificate);
    }
    let by_type = of(&|candidate| !holder.right_type.is_empty() && candidate.right_type == holder.right_type);
    let left = if by_type.is_empty() { same } else { by_type };
    let first = candidates[left[0]];
    let are_alike = left.iter().all(|at| candidates[*at].kind() == first.kind())
        || (!first.certificates.is_empty() && left.iter().all(|at| candidates[*at].certificates == first.certificates));
    if are_alike { Resolution::Found(left) } else { Resolution::Ambiguous }
}

/// The units that a row names: only by numbers that can identify one (D43, D44).
pub(super) fn units_of(row: Row<'_>, column: &str) -> Vec<Place> {
    let numbers = place::unit_numbers(row.get(column));
    numbers.iter().filter(|number| is_usable(number)).map(|number| Place::unit(number)).collect()
}

fn is_usable(number: &str) -> bool {
    place::may_identify(number) && !place::is_cut(number)
}

/// What a cell names beside the units that it can be placed on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing: every number is a unit's, or the cell says that there is none.
    Nothing,
    /// The one thing that stands there: a unit number that was cut, or has something behind it.
    Damaged(Box<str>),
    /// Of several numbers one at least is no unit's: a row placed on the others would be missed on that one.
    Part,
}

/// What a cell names beside its units.
pub(super) fn rest_of(row: Row<'_>, column: &str) -> Rest {
    // Most rows name one unit as they should.
    if place::is_well_formed(row.get(column)) {
        return Rest::Nothing;
    }
    let mut numbers = place::unit_numbers(row.get(column));
    match numbers.len() {
        1 if place::is_cut(&numbers[0]) => Rest::Damaged(numbers.swap_remove(0)),
        0 | 1 => Rest::Nothing,
        // Beside numbers of the standard any other text is what is left of one.
        _ => {
            let standard = numbers.iter().filter(|number| place::is_well_formed(number)).count();
            let are_alike = standard == 0 || standard == numbers.len();
            if are_alike && numbers.iter().all(|number| is_usable(number)) { Rest::Nothing } else { Rest::Part }
        }
    }
}

/// Whether a damaged unit number may be the one of this place: it is the beginning of its number. A group has no number that
/// could speak against it.
pub(super) fn may_be_of(damaged: &str, place: &Place) -> bool {
    match place.kind() {
        PlaceKind::Unit(number) => number.starts_with(damaged),
        PlaceKind::Group(_) => true,
        PlaceKind::Parcel(_) => false,
    }
}

/// The house code in a column, where it can identify a house; else empty.
pub(super) fn house_code(row: Row<'_>, column: &str) -> String {
    let code = place::business(row.get(column));
    if is_filler(&code) { String::new() } else { code }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ties(table: Table, business: &str, certificate: &str, right_type: &str) -> Ties {
        Ties::new(table, business, certificate, right_type)
    }

    fn holder(business: &str, certificate: &str, right_type: &str) -> Ties {
        ties(Table::Qlr, business, certificate, right_type)
    }

    fn found(positions: &[usize]) -> Resolution {
        Resolution::Found(positions.to_vec())
    }

    #[test]
    fn the_business_number_goes_before_the_certificate() {
        let rights = [ties(Table::Fdcq2, "1", "A7", "4"), ties(Table::Fdcq2, "2", "B7", "4")];
        let rights = [&rights[0], &rights[1]];
        assert_eq!(resolve(&holder("1", "B7", ""), &rights), Resolution::Ambiguous);
        assert_eq!(resolve(&holder("1", "C7", ""), &rights), found(&[0]));
        assert_eq!(resolve(&holder("9", "B7", ""), &rights), found(&[1]));
        assert_eq!(resolve(&holder("", "A7、B7", ""), &rights), found(&[0, 1]));
        assert_eq!(resolve(&holder("", "", ""), &rights), Resolution::Nothing);
        assert_eq!(resolve(&holder("9", "Z7", ""), &rights), Resolution::Nothing);
        let mortgage = ties(Table::Dyaq, "3", "M7", "");
        assert_eq!(resolve(&holder("3", "B7", ""), &[rights[0], rights[1], &mortgage]), Resolution::Ambiguous);
        let seizure = ties(Table::Cfdj, "3", "", "");
        assert_eq!(resolve(&holder("3", "B7", ""), &[rights[0], rights[1], &seizure]), found(&[1]));
    }

    #[test]
    fn a_mortgagee_of_the_same_business_does_not_become_an_owner() {
        let rights = [ties(Table::Fdcq2, "1", "A7", "4"), ties(Table::Dyaq, "1", "M7", "")];
        let rights = [&rights[0], &rights[1]];
        assert_eq!(resolve(&holder("1", "M7", ""), &rights), found(&[1]));
        assert_eq!(resolve(&holder("1", "A7", ""), &rights), found(&[0]));
        assert_eq!(resolve(&holder("1", "", "04"), &rights), found(&[0]));
        assert_eq!(resolve(&holder("1", "", ""), &rights), Resolution::Ambiguous);
        assert_eq!(resolve(&holder("1", "Z7", "9"), &rights), Resolution::Ambiguous);
    }

    #[test]
    fn registrations_alike_in_kind_or_certificate_share_their_holders() {
        let rights = [ties(Table::Fdcq2, "1", "A7", "4"), ties(Table::Fdcq1, "1", "B7", "4")];
        assert_eq!(resolve(&holder("1", "", ""), &[&rights[0], &rights[1]]), found(&[0, 1]));
        let rights = [ties(Table::Fdcq2, "1", "A7", "4"), ties(Table::Jsydsyq, "1", "A7", "3")];
        assert_eq!(resolve(&holder("1", "", ""), &[&rights[0], &rights[1]]), found(&[0, 1]));
        let rights = [ties(Table::Fdcq2, "1", "", "4"), ties(Table::Dyaq, "1", "", "")];
        assert_eq!(resolve(&holder("1", "", ""), &[&rights[0], &rights[1]]), Resolution::Ambiguous);
    }
}
