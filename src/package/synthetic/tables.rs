//! The county's tables while they are written: rows by column name, and registrations with their holders.

use std::fmt::{Display, Write as _};
use std::path::Path;

use crate::domain::tables::Table;
use crate::package::write::{About, TableHandle, WriteError, Writer};

use super::about::{AUTHORITY, COUNTY};
use super::parties::Holder;

/// A value by the name of its column.
pub(super) type Cell<'a> = (&'static str, &'a dyn Display);

/// The package that is being written, with every table open.
pub(super) struct Tables {
    writer: Writer,
    handles: Vec<TableHandle>,
    text: String,
    ends: Vec<usize>,
}

/// What every registration has.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    /// BDCDYH; empty on a legacy registration.
    pub(super) unit: String,
    /// YWH
    pub(super) business: String,
    /// BDCQZH, or BDCDJZMH of a charge.
    pub(super) certificate: String,
    /// QLLX
    pub(super) kind: &'static str,
    /// DJLX
    pub(super) procedure: &'static str,
    /// DJYY
    pub(super) reason: &'static str,
    /// DJSJ
    pub(super) registered_at: String,
    /// QSZT
    pub(super) status: &'static str,
    /// Whether the holders stand in the trial form: joined by unit and certificate number, without YWH.
    pub(super) is_trial_form: bool,
}

impl Tables {
    pub(super) fn create(dir: &Path, about: About) -> Result<Self, WriteError> {
        let mut writer = Writer::create(dir, about)?;
        let mut handles = Vec::new();
        for table in Table::ALL {
            handles.push(writer.table(table.name(), table.columns())?);
        }
        Ok(Self { writer, handles, text: String::new(), ends: Vec::new() })
    }

    /// Writes a row; columns that are not named are empty, and cells of columns that the table lacks are left out.
    pub(super) fn row(&mut self, table: Table, cells: &[&[Cell<'_>]]) -> Result<(), WriteError> {
        self.text.clear();
        self.ends.clear();
        for column in table.columns() {
            let cell = cells.iter().flat_map(|cells| cells.iter()).find(|(name, _)| name == column);
            if let Some((_, value)) = cell {
                write!(self.text, "{value}").expect("a String takes everything");
            }
            self.ends.push(self.text.len());
        }
        let mut start = 0;
        let values = self.ends.iter().map(|end| {
            let value = &self.text[start..*end];
            start = *end;
            value
        });
        // `Table` numbers its variants in the order of `Table::ALL`.
        self.writer.row(self.handles[table as usize], values)
    }

    /// Writes a registration and its holders.
    pub(super) fn register(
        &mut self,
        table: Table,
        registration: &Registration,
        cells: &[Cell<'_>],
        holders: &[Holder],
    ) -> Result<(), WriteError> {
        let common: &[Cell<'_>] = &[
            ("BDCDYH", &registration.unit),
            ("YWH", &registration.business),
            ("QLLX", &registration.kind),
            ("DJLX", &registration.procedure),
            ("DJYY", &registration.reason),
            ("BDCQZH", &registration.certificate),
            ("BDCDJZMH", &registration.certificate),
            ("QXDM", &COUNTY),
            ("DJJG", &AUTHORITY),
            ("DJSJ", &registration.registered_at),
            ("QSZT", &registration.status),
        ];
        self.row(table, &[cells, common])?;
        self.holders(registration, holders)
    }

    /// Writes the holders of a registration.
    fn holders(&mut self, registration: &Registration, holders: &[Holder]) -> Result<(), WriteError> {
        let later: &[Cell<'_>] =
            &[("YWH", &registration.business), ("QLLX", &registration.kind), ("QSZT", &registration.status)];
        let later = if registration.is_trial_form { &[] } else { later };
        let is_by_share = holders.len() > 1 && registration.business.ends_with(['1', '4', '7']);
        let (joint, share) = match (holders.len(), is_by_share) {
            (1, _) => ("0", String::new()),
            (_, false) => ("1", String::new()),
            (count, true) => ("2", format!("1/{count}")),
        };
        for (at, holder) in holders.iter().enumerate() {
            let cells: &[Cell<'_>] = &[
                ("BDCDYH", &registration.unit),
                ("SXH", &(at + 1)),
                ("QLRMC", &holder.name),
                ("BDCQZH", &registration.certificate),
                ("SFCZR", &"1"),
                ("ZJZL", &holder.document_kind),
                ("ZJH", &holder.document_number),
                ("GJ", &"142"),
                ("QLRLX", &holder.kind),
                ("QLBL", &share),
                ("GYFS", &joint),
            ];
            self.row(Table::Qlr, &[cells, later])?;
        }
        Ok(())
    }

    /// Ends the package; tells the rows of each table.
    pub(super) fn finish(self) -> Result<Vec<(Table, u64)>, WriteError> {
        let rows = self.writer.finish()?;
        Ok(Table::ALL.into_iter().zip(rows.into_iter().map(|(_, rows)| rows)).collect())
    }
}
