//! Values as the database's rows have them.

use super::error::ReadError;

/// Numbers as `SQLite` keeps them.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number as `SQLite` kept it; what is below zero is nobody's.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A value of another type than is ever written was altered; anything else is the database's trouble.
pub(super) fn misread(error: rusqlite::Error, entry: u64, what: &'static str) -> ReadError {
    match error {
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => ReadError::Damaged { entry, what },
        other => other.into(),
    }
}
