//! A number that holds rows together and that several owners share: it joins nothing (D44).
//!
//! Two strangers whose houses both carry `未落宗` for a unit number, or 房权证 for a certificate number, have no unit in common.
//! Rows go by certificate, then by business number; what names no right of them is refused, as it might land on somebody
//! else's house.

use crate::domain::{kinds::KINDS, tables::Table};

use super::{
    gate::Refused,
    reason::Reason,
    resolve::Ties,
    staged::{StagedRow, Way},
};

/// Whether a row is one of a right of ownership or use.
fn is_owning(row: &StagedRow) -> bool {
    KINDS.iter().any(|kind| kind.kind.is_ownership_or_use() && kind.tables.contains(&row.line.table))
}

/// Whether two rights of ownership or use, of rows that share no number of a unit, are of one thing: they share a certificate
/// number and, if they are of one kind, no business numbers part them; without certificates the business number ties.
fn is_one(one: &Ties, other: &Ties) -> bool {
    let has_both = !one.business.is_empty() && !other.business.is_empty();
    let are_parted = one.kind() == other.kind() && has_both && one.business != other.business;
    let has_none = one.certificates.is_empty() && other.certificates.is_empty();
    !are_parted && (one.shares_certificate(other) || (has_none && (one.business == other.business || !has_both)))
}

/// Whether rights in force that are not of one thing stand here.
pub(super) fn is_shared(rows: &[StagedRow]) -> bool {
    let in_force = rows.iter().filter(|row| is_owning(row) && !matches!(row.get("QSZT"), "2" | "3"));
    let ties: Vec<Ties> = in_force.map(Ties::of).collect();
    ties.iter().enumerate().any(|(at, one)| ties[..at].iter().any(|other| !is_one(one, other)))
}

/// The rows apart, each under the group of the right that it names; what names none is refused.
pub(super) fn apart(rows: Vec<StagedRow>, refused: &mut Refused) -> Vec<(String, Vec<StagedRow>)> {
    let mut groups: Vec<Group> = Vec::new();
    let (owning, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_owning);
    for row in owning {
        let ties = Ties::of(&row);
        match groups.iter_mut().find(|group| group.ties.iter().all(|known| is_one(known, &ties))) {
            Some(group) => group.add(row, ties),
            None => groups.push(Group { ties: vec![ties], rows: vec![row] }),
        }
    }
    // Charges before holders: a mortgagee goes where its mortgage went.
    let (holders, charges): (Vec<_>, Vec<_>) = others.into_iter().partition(|row| row.line.table == Table::Qlr);
    for row in charges.into_iter().chain(holders) {
        let ties = Ties::of(&row);
        match group_of(&ties, &groups) {
            Some(at) => {
                let is_charge = row.line.table != Table::Qlr;
                let group = &mut groups[at];
                if is_charge { group.add(row, ties) } else { group.rows.push(row) }
            }
            // Nobody can say whose house it is; the right tells where it lies.
            None if matches!(row.line.table, Table::H | Table::Gzw | Table::Zrz) => {}
            None if matches!(row.way, Way::Settled | Way::Targeted { .. }) => {}
            None => refused.place(row.line, Reason::SharedUnit),
        }
    }
    groups.into_iter().map(|group| (group.name(), group.rows)).collect()
}

/// The only group that a row names: by certificate and business number, else by certificate, else by business number.
fn group_of(ties: &Ties, groups: &[Group]) -> Option<usize> {
    let of = |fits: &dyn Fn(&Ties) -> bool| -> Vec<usize> {
        (0..groups.len()).filter(|at| groups[*at].ties.iter().any(fits)).collect()
    };
    let by_certificate = of(&|known| known.shares_certificate(ties));
    let by_business = of(&|known| !ties.business.is_empty() && known.business == ties.business);
    let both: Vec<usize> = by_certificate.iter().copied().filter(|at| by_business.contains(at)).collect();
    match (both.as_slice(), by_certificate.as_slice(), by_business.as_slice()) {
        ([at], ..) | ([], [at], _) | ([], [], [at]) => Some(*at),
        _ => None,
    }
}

/// The rows of one right, and what ties others to it.
struct Group {
    ties: Vec<Ties>,
    rows: Vec<StagedRow>,
}

impl Group {
    fn add(&mut self, row: StagedRow, ties: Ties) {
        self.ties.push(ties);
        self.rows.push(row);
    }

    fn name(&self) -> String {
        let first = &self.ties[0];
        if first.certificates.is_empty() {
            format!("business:{}", first.business)
        } else {
            format!("certificate:{}", first.certificates.join("、"))
        }
    }
}
