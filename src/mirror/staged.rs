//! A row on its way to its unit: the key it is sorted by, and the bytes it travels as.
//!
//! The key puts all rows of a parcel directly before the parcel's units, and the parcel's own unit (`…W00000000`) before
//! the others, so that one pass in key order has everything at hand: `parcel code, 0, rank, unit number`. What has no unit
//! number comes last, under its group. Neither byte 0 nor byte 255 occurs in a folded text.

use crate::domain::{cell::place, rows::Row, tables::Table};

/// Where rows are gathered: a parcel, a unit, or a group of rows without a unit number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place(Box<[u8]>);

/// What a [`Place`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlaceKind<'a> {
    /// The rows of a parcel or sea area, under its code.
    Parcel(&'a str),
    /// A unit, under its number as compared.
    Unit(&'a str),
    /// A unit without a number, under what holds its rows together.
    Group(&'a str),
}

const GROUP: u8 = 0xff;
const RANK_PARCEL: u8 = 1;
const RANK_PARCEL_UNIT: u8 = 2;
const RANK_UNIT: u8 = 3;

impl Place {
    /// The rows of a parcel or sea area.
    pub(super) fn parcel(code: &str) -> Self {
        Self::ranked(code, RANK_PARCEL, "")
    }

    /// A unit, by its number as compared.
    pub(super) fn unit(number: &str) -> Self {
        let rank = if place::is_parcel_unit(number) { RANK_PARCEL_UNIT } else { RANK_UNIT };
        Self::ranked(place::parcel_code(number).unwrap_or(number), rank, number)
    }

    /// A unit without a number; `group` as in `Unit.group`.
    pub(super) fn group(group: &str) -> Self {
        Self([&[GROUP], group.as_bytes()].concat().into())
    }

    fn ranked(code: &str, rank: u8, number: &str) -> Self {
        Self([code.as_bytes(), &[0, rank], number.as_bytes()].concat().into())
    }

    /// The place of these bytes, as [`Place::bytes`] gave them.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes that order places.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What it is.
    pub(super) fn kind(&self) -> PlaceKind<'_> {
        let text = |bytes| str::from_utf8(bytes).expect("a place is made of texts and marker bytes only");
        if let Some(group) = self.0.strip_prefix(&[GROUP]) {
            return PlaceKind::Group(text(group));
        }
        let zero = self.0.iter().position(|byte| *byte == 0).expect("every place but a group has its zero byte");
        let (code, number) = (&self.0[..zero], &self.0[zero + 2..]);
        if self.0[zero + 1] == RANK_PARCEL { PlaceKind::Parcel(text(code)) } else { PlaceKind::Unit(text(number)) }
    }
}

/// The line of a table that a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Line {
    /// The table.
    pub(super) table: Table,
    /// The line in its file.
    pub(super) line: u64,
}

impl std::fmt::Display for Line {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.table.name(), self.line)
    }
}

/// How a row came to a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Way {
    /// The row names the place, or is its only copy.
    #[default]
    Own,
    /// A charge that names no unit number of the standard's form: it is nobody's where no right stands under what it names.
    Unsure,
    /// The row names the place, and is placed elsewhere too: it is no orphan where nothing here fits.
    Settled,
    /// One of several places where a row without unit number may belong; it must fit on one of them.
    Shared,
    /// A holder, found to belong to the registration of `target`, which is on this place too; it comes from `origin`.
    Targeted {
        /// The place whose rows the holder is among.
        origin: Place,
        /// The registration's row.
        target: Line,
    },
}

/// A row as staged: every value trimmed, in the order of [`Table::columns`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StagedRow {
    /// Which row.
    pub(super) line: Line,
    /// How it came here.
    pub(super) way: Way,
    text: String,
    ends: Vec<u32>,
}

impl StagedRow {
    /// The row's value of the column at `position`; empty where the table has none.
    pub(super) fn at(&self, position: Option<usize>) -> &str {
        let Some(position) = position.filter(|at| *at < self.ends.len()) else { return "" };
        let start = if position == 0 { 0 } else { self.ends[position - 1] as usize };
        &self.text[start..self.ends[position] as usize]
    }

    /// The row's value of a column; empty where the table has no such column.
    pub(super) fn get(&self, column: &str) -> &str {
        self.at(self.line.table.column(column))
    }

    /// All values, one behind the other, and where each ends.
    pub(super) fn values(&self) -> (&str, &[u32]) {
        (&self.text, &self.ends)
    }

    /// Whether both rows hold the same values.
    pub(super) fn has_values_of(&self, other: &Self) -> bool {
        self.line.table == other.line.table && self.text == other.text && self.ends == other.ends
    }

    /// Reads what [`write_row`] wrote; `None` where the bytes are something else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Cursor(bytes);
        let table = *Table::ALL.get(usize::from(reader.byte()?))?;
        let line = Line { table, line: reader.number()? };
        let way = match reader.byte()? {
            0 => Way::Own,
            1 => Way::Settled,
            2 => Way::Shared,
            4 => Way::Unsure,
            _ => Way::Targeted {
                origin: Place::from_bytes(reader.bytes()?),
                target: Line { table: *Table::ALL.get(usize::from(reader.byte()?))?, line: reader.number()? },
            },
        };
        let mut ends = Vec::with_capacity(table.columns().len());
        let mut end = 0_u32;
        for _ in table.columns() {
            end = end.checked_add(u32::try_from(reader.number()?).ok()?)?;
            ends.push(end);
        }
        let text = str::from_utf8(reader.0).ok().filter(|text| text.len() == end as usize)?.to_owned();
        ends.iter().all(|end| text.is_char_boundary(*end as usize)).then_some(Self { line, way, text, ends })
    }
}

/// Writes a row as it is staged.
pub(super) fn write_row(bytes: &mut Vec<u8>, row: Row<'_>, way: &Way) {
    bytes.push(row.table as u8);
    write_number(bytes, row.line);
    match way {
        Way::Own => bytes.push(0),
        Way::Settled => bytes.push(1),
        Way::Unsure => bytes.push(4),
        Way::Shared => bytes.push(2),
        Way::Targeted { origin, target } => {
            bytes.push(3);
            write_number(bytes, origin.bytes().len() as u64);
            bytes.extend_from_slice(origin.bytes());
            bytes.push(target.table as u8);
            write_number(bytes, target.line);
        }
    }
    let values = || (0..row.table.columns().len()).map(|at| row.values.get(at).map_or("", |value| value.trim()));
    for value in values() {
        write_number(bytes, value.len() as u64);
    }
    for value in values() {
        bytes.extend_from_slice(value.as_bytes());
    }
}

fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).expect("seven bits fit a byte") | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).expect("the loop left seven bits"));
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_back_trimmed() {
        let values = ["B", " U1 ", "", "\u{3000}坐落 "];
        let row = Row { table: Table::Dywqd, line: 300, values: &values };
        let way = Way::Targeted { origin: Place::unit("U2"), target: Line { table: Table::Dyaq, line: 7 } };
        let mut bytes = Vec::new();
        write_row(&mut bytes, row, &way);
        let read = StagedRow::read(&bytes).unwrap();
        assert_eq!((read.get("YWH"), read.get("XH"), read.get("BDCDYH"), read.get("ZXSJ")), ("B", "U1", "坐落", ""));
        assert_eq!((read.line.to_string().as_str(), read.way.clone()), ("DYWQD:300", way));
        assert_eq!(StagedRow::read(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn places_sort_parcel_first_then_its_own_unit_then_the_others() {
        let parcel = "340123002004GB00011";
        let mut places = vec![
            Place::group("certificate:X"),
            Place::unit(&format!("{parcel}F00010001")),
            Place::unit("340123002004GB00012W00000000"),
            Place::unit(&format!("{parcel}W00000000")),
            Place::parcel(parcel),
            Place::unit("老区3号"),
        ];
        let expected: Vec<_> = [4, 3, 1, 2, 5, 0].map(|at| places[at].clone()).into();
        places.sort();
        assert_eq!(places, expected);
        assert_eq!(places[0].kind(), PlaceKind::Parcel(parcel));
        assert_eq!(places[4].kind(), PlaceKind::Unit("老区3号"));
        assert_eq!(places[5].kind(), PlaceKind::Group("certificate:X"));
    }
}
