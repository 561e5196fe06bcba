//! The mirror: a package's rows compiled into one sealed, immutable file that answers without joining anything.
//!
//! [`Loading::prepare`] compiles the rows that a [`RowSource`](crate::domain::rows::RowSource) hands over into a *generation*,
//! [`Prepared::serve`] makes it the serving one, and [`Mirror::switch_to`] one that is there already; [`Mirror::open`] opens a generation, and each thread asks through a [`Reader`] of its own.
//! This module knows registry tables, not packages; records, not answers. Who matches whom is `domain::matching`'s.
//!
//! # Bytes on disk
//!
//! ```text
//! generations/<sequence>-<id8>/mirror.db       the records, SQLite, mode 0400
//!                              manifest.json   the package's manifest as it came
//!                              report.json     the load's report, counts only
//! CURRENT                                      the name of the one that serves
//! checks/<sequence>-<id8>                      the digests of a generation's three files, sealed (module `whole`)
//! damaged/<sequence>-<id8>                     empty: the generation was found damaged
//! load.lock                                    held while a load is under way
//! ```
//!
//! | table of `mirror.db` | row |
//! |---|---|
//! | `unit(id, sealed)` | a unit as `domain::codec` writes it for records, AES-256-GCM, nonce and associated data are the id |
//! | `subject(block, sealed)` | entries of a tag (first 16 bytes of HMAC-SHA-256 of a key of a party) and a unit that has the party, sorted, 84 a block (module `index`), AES-256-GCM, nonce is the block |
//! | `locator(block, sealed)` | the same of a unit number, a certificate number, or each of several in one cell |
//! | `fence(id, sealed)` | the first tags of the blocks of `subject` (1) and `locator` (2), AES-256-GCM, nonce is the id |
//! | `shortcut(chunk, sealed)` | where the tags of `subject` lead (module `shortcut`), AES-256-GCM, nonce is the chunk |
//! | `quarantine(id, sealed)` | a row that was set aside (module `quarantine`), JSON, AES-256-GCM, nonce is the id |
//! | `meta(key, value)` | format and rules version, salt, facts, counts, and an HMAC-SHA-256 of them |
//!
//! Ids count from 1 in the order of places: parcel code, the parcel's own unit, its other units by number; then groups
//! without unit number. The file's keys derive by HKDF-SHA-256 from the master key and the file's random salt, one for each
//! purpose. A nonce is an id, ids are unique in a file, and no two files share a key.
//!
//! # What protects what
//!
//! | altered, damaged, misplaced, or of another file | found by | when |
//! |---|---|---|
//! | a record | its seal, whose nonce is the id that the index gave | at every lookup that needs it |
//! | a block of an index | its seal, whose nonce is the number that the fences gave | at every lookup that needs it |
//! | a record or block that is missing, or a page that is no page | ids and numbers are all there, or the file is damaged | the same |
//! | shortcuts, fences, quarantine | their seals, and their counts, which `meta` has | when the generation is opened |
//! | `meta` | its HMAC; and the facts must give the folder's name | when the generation is opened |
//! | any byte of any file, whether read or not | its SHA-256 in `checks/`, whose seal is an HMAC | before *loaded before* is said, by `bdcd snapshot check`, and by the daemon after its start and once a day |
//!
//! So a lookup that succeeds returned all units of its keys, as they were written: every step from key to record is held in
//! memory that was authenticated when the generation was opened, or is a seal under the number that the step before gave.
//! That a key leads nowhere is told by the shortcuts, or by the block that covers its tag. What fails a seal is an error.
//! The file is read, not mapped: a mapped file that is cut short would end the process (SIGBUS); so read, it is an error.
//!
//! A generation in which damage is met is marked, in `damaged/`, and serves no longer where an older one can (module `serving`);
//! a load of its package makes it again, and takes the mark away. Where no other opens, it serves on: what is damaged ends an
//! inquiry with an error, and all other answers are right.
//!
//! This holds against a faulty disk, controller, file system or copy, and against whoever writes the file without the master
//! key. It does not hold against the master key's owner, nor against whoever puts an older generation in place whole, with
//! its own name: the pointer is not sealed; the ledger tells which generation served, and every answer names it.
//!
//! # Life of a generation
//!
//! Rows are read table after table, sent to their places, sorted there by runs on disk (sealed under a key in memory, in
//! files without names), merged in order, put together unit by unit, sealed, inserted in the order of ids; then the indexes
//! are inserted in the order of tags, and the shortcuts that the first of them gave. The folder is complete, synced and
//! verified before it has a name; then it is renamed, and the pointer moves. Memory does not grow with the register, but for
//! references between units (`references`) and for the shortcuts, about 11 bytes an entry of `subject` and 256 MiB at most,
//! which a generation also holds while it is open.
//!
//! Invariants:
//!
//! 1. A folder with a generation's name is complete, synced and verified.
//! 2. Nothing in it is written again; so `immutable=1` is sound. Where it is damaged, another folder takes its place and its name;
//!    who has the old file open notices by its number.
//! 3. `CURRENT` names a generation at every moment after the first load, and changes by one rename. Where a fault took it, or
//!    what it names, the newest older generation that is whole serves.
//! 4. A row is placed, or the load stops and tells all that it could not place or understand (`gate`); or, where the operator
//!    allows it, a row that cannot be placed or read is set aside, and every answer says how many are. A value is kept as
//!    registered; dates, decimals and codes take one form, and words for none are empty.
//! 5. No name, number or address stands on disk in plain, in an error, or in a report.
//! 6. The same rows give the same records in the same order. Salts differ, so the files do.
//!
//! | crash | what is left | the next load |
//! |---|---|---|
//! | while building, syncing, verifying | `.building-*`, which no reader looks at | removes it |
//! | after the digests are written, before the folder's rename | digests of no generation, or beside a damaged one | removes or replaces them |
//! | after the folder's rename | a generation that does not serve | finds it whole, moves the pointer |
//! | while the pointer is written | `CURRENT.new`; `CURRENT` as before | removes it, moves the pointer |
//! | after the pointer's rename, before its sync | the old pointer or the new one, both whole | moves the pointer, or finds it moved |
//!
//! Assumed of the file system: a rename within it is all or nothing, and lasts once the folder is synced.
//!
//! # Joins
//!
//! Version 2 of the rules (`meta.rules`). They follow `deploy/DECISIONS.md`, and say what those leave
//! open. Every cell becomes a value where it enters, in `domain::cell`: words for none are empty, dates and decimals have one
//! form, codes are those of their list. Numbers that join compare by the forms of `domain::cell::place`.
//!
//! **Unit number.** A cell may hold several: the row stands on all of them, or, where one is cut, damaged or, beside numbers of the
//! standard, any other text, it cannot be placed. One that is cut leads, by certificate or business number, only to a unit whose number
//! begins with it. What is no well-formed number joins only where it has four digits, is no filler and no cut number,
//! and not where rights of ownership or use in force with no certificate in common stand under it: then each right makes a
//! group with the rows that name its certificate, or its business number, and what names none cannot be placed (`shared`,
//! D44). A charge in force on such a text where no right in force stands
//! cannot be placed either. So it is where only a certificate number holds together rights in force of one kind with different business numbers.
//! A filler or a word for a business number or house code leads to no other unit. Its *parcel* is its first 19 characters; `…W00000000` is the parcel's own unit, `…F####0000` the building's.
//!
//! **Places.** A right stands on the units of its BDCDYH; without one in a group: `certificate:` and its certificate numbers,
//! else `business:` and its YWH where that is no filler, else it cannot be placed. A charge (DYAQ, CFDJ, YYDJ) makes no group: without
//! a unit it goes where the right of its YWH stands, if that is one right, or rights of one certificate; else it cannot be
//! placed. H without BDCDYH: `house:` FWBM. DYWQD: BDCDYH, else the unit of the H rows with FWBM as its FWBH, if each has but the other, else `house:`
//! FWBH of an H row without unit number, else it cannot be placed. DYAQ stands on its own units,
//! and on every place of the DYWQD rows with its YWH; where that YWH stands on mortgages of different certificates or
//! mortgagors, only on those that name a unit of its own (D45). DYIQ stands on both its sides, and needs one. Every such copy has the same
//! identity (`identity`). A DYWQD row that no DYAQ takes cannot be placed. A unit is kept where it has a registration, an H or a GZW row.
//!
//! **Holders.** Certificate numbers compare folded; a cell may hold several, separated by 、 or comma, and each counts.
//! Candidates are the registrations on the unit of the QLR row's BDCDYH. Of those,
//!
//! 1. with QLR.YWH: those with that YWH. Where they are several: those that share a certificate number with the row; where
//!    none does, those whose QLLX is the row's; where none is, all; and what is left must be of one kind, or all carry the
//!    same certificate cell, else the row cannot be placed. Where others than all of them have the
//!    row's certificate number, it cannot be placed; but a seizure has no holders, and gives way;
//! 2. without QLR.YWH, or where no registration has it: those that share a certificate number with the row;
//! 3. where it has neither: the unit's right of ownership or use, if that is one (D56); but not where the right has holders who
//!    name it, and a mortgage, pre-notice or easement stands beside;
//! 4. where there are none: the row is an orphan and cannot be placed (D29), unless a registration over several units
//!    takes it (below).
//!
//! A business number that ties a row to an ended right and one in force, of one kind and different certificates, decides nothing;
//! nor does a certificate number of rights of one kind and different business numbers, where the row's own is none of these.
//! A seizure gives way to every other registration of that number.
//!
//! A QLR row without unit number is judged so on each unit of the registrations with its YWH, of several those that share its
//! certificate number. A row without certificate number goes by YWH only where, kind by kind, one row or one certificate has it.
//! Where no registration has its YWH, it goes to the units of its certificate number; it must fit on one of them at least. Where
//! YWH and certificate number name different registrations it is an orphan. An FDCQXM row without unit number goes by YWH of FDCQ1
//! likewise; a ZXDJ row, by certificate number. A certificate number under rights of several units leads nowhere where those who
//! hold under it differ from unit to unit, or, if no holder's row names a unit, where several persons do and not all say GYFS 1,
//! 2 or 3 (`look`, D44). A row that names several units counts for each.
//!
//! A registration over several units takes, on each of its units, the rows that fit it there; on a unit where none does, the
//! rows that fit it on the first of the others, by unit number, that has any. Equal rows of these count once. It also takes
//! rows of units that it does not stand on and where no registration over several units fits: rows with its YWH that share
//! its certificate number or have none, and rows without YWH that share its certificate number.
//!
//! Holders go by SXH as a number (what is none goes last), then by line. Then the obligor of YGDJ, and the servient and
//! dominant holder of DYIQ, each where its column of the document number holds one (D12). A holder's YWH and QSZT are the
//! registration's where QLR's are empty.
//!
//! A holder with QSZT 2 or 3 on a right in force is a former holder (D46): told behind all others, and named in no field.
//!
//! **Status.** Ended: QSZT 2 or 3, or any of JFYWH, ZXDYYWH, ZXYYYWH, ZXYGYWH filled with another business number (no word, filler or day), or a date up to the day of the export in JFDJSJ, ZXSJ or ZXYYDJSJ, or named by a ZXDJ
//! row of the unit by certificate number (each of the cell; where several rights of the unit carry it and ZXDJ.QLLX is
//! filled, those whose QLLX is that; where rights of one kind and different business numbers carry it, that with ZXDJ.YWH, and
//! where none has that, none: they are doubtful), or, of a mortgage, every DYWQD row of its YWH on the unit is ended by the same columns.
//! Else QSZT 0 is provisional, and everything else is current. A current one is doubtful where one of
//! these dates is a text that is no date or a later day, or where QSZT, CFLX, YGDJZL or DYFS is no code (D36, D40). The time of ending is
//! that of the row's own columns, else ZXDJ.ZXSJ, else DYWQD.ZXSJ.
//!
//! **Buildings of FDCQ1.** One registration for each FDCQXM row of the unit whose YWH is empty or FDCQ1's, all with FDCQ1's
//! holders and identity; one registration where there are none. An FDCQXM row that fits no FDCQ1 cannot be placed.
//!
//! **Parcels, seas, buildings.** ZDJBXX goes by ZDDM, else by the first 19 characters of BDCDYH; ZHJBXX by ZHDM and by HDDM. For
//! TDSYQ and JSYDSYQ the parcel is that of ZDDM, for HYSYQ the sea that of ZHHDDM; where the package lacks it, and for all other
//! rights and the unit itself, that of the unit number; where that lacks too, one that a right of the unit names. The
//! building of a unit is the ZRZ row of H.ZRZH on the unit's parcel (by ZDDM, or as ZRZH begins), else the only one of that
//! ZRZH anywhere. Of several rows of a table, each value is the first that is not empty.
//!
//! **Fields.** By `domain::kinds`; the first source that is not empty; of areas and amounts the first that is not zero (D55). The place of a charge: ZJJZWZL where DYBDCLX is 4; ZL
//! of the unit's DYWQD rows, a mortgage's own first; FDZL of the unit's FDCQ rows, current ones first, in their order; H.ZL;
//! GZW.ZL; ZDJBXX.ZL; ZHJBXX.YHWZSM.
//!
//! **The unit.** Location: H.ZL, GZW.ZL, ZDJBXX.ZL, ZHJBXX.YHWZSM, FDZL. Area: H.SCJZMJ or YCJZMJ in 平方米; GZW.MJ in GZW.MJDW; of a
//! parcel's own unit or one with W, L or Q as 20th character: ZHJBXX.ZHMJ in 公顷, ZDJBXX.ZDMJ in MJDW. Position: boundaries and
//! sheet of ZDJBXX; points of `ZD_K`, else `ZH_K`, else JZD, by ZDX, XH or SXH, line; degrees of YHYDZB by XH, line; those of
//! parcels go by the first 19 characters of BDCDYH, ZDZHDM, ZHHDDM. It is the parcel's for every unit but the parcel's own.
//!
//! **Order.** As D28 says; the buildings of one FDCQ1 row in the order of FDCQXM. Waiting seizures (D26) count from 1 among the
//! current ones with CFLX 2 or 4, if all have dates (D50): by registration time, business number, line. Charges of `…F####0000`
//! are noted on the building's flats (D43), those of `…W00000000`, ended ones too, are
//! noted on the parcel's other units and are never theirs (D4).

mod assemble;
mod clean;
mod compile;
mod error;
mod gate;
mod identity;
mod index;
mod load;
mod look;
mod lookup;
mod marks;
mod meta;
mod quarantine;
mod read;
mod reason;
mod references;
mod report;
mod resolve;
mod seal;
mod serving;
mod shared;
mod shortcut;
mod sort;
mod stage;
mod staged;
mod store;
mod survey;
mod unit_rows;
mod whole;
mod write;

#[cfg(test)]
mod tests;

pub use error::{DiskError, LoadError, LockError, OpenError, ReadError, RemoveError, SwitchError};
pub use gate::{Findings, RefusedRow};
pub use load::{Loading, Prepared};
pub use quarantine::QuarantinedRow;
pub use read::{Generation, Reader};
pub use reason::Reason;
pub use report::{LoadReport, OddValues, Progress, RegistrationCount, TableRows};
pub use serving::{Choice, ChoiceError, PassedOver, told};
pub use store::Mirror;
pub use whole::Wholeness;
