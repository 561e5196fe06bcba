//! The mirror.

mod assemble;
mod checks;
mod compile;
mod dates;
mod error;
mod key;
mod meta;
mod read;
mod references;
mod report;
mod resolve;
mod seal;
mod sort;
mod stage;
mod staged;
mod store;
mod text;
mod unit_rows;
mod write;

pub use error::{LoadError, OpenError, ReadError, Reason};
pub use key::{KeyError, MasterKey};
pub use read::{Generation, Reader};
pub use report::{LoadReport, OddValues, Progress, RegistrationCount, TableRows};
pub use store::Mirror;
