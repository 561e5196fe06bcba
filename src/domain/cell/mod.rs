//! The one place where a cell of the register becomes a value.
//!
//! Exports of databases, tools and spreadsheets write «none», codes, dates, amounts and numbers in many ways. What a cell
//! means is decided here and nowhere else: the loader, the matcher and the court's side call the same functions, so that
//! two sides of a comparison cannot differ in what they take a text for. All of it is pure, and nothing here refuses.
//!
//! Source: `deploy/DECISIONS.md`, D35-D43, D50, D51, D55.

pub mod code;
pub mod column;
pub mod date;
pub mod decimal;
pub mod name;
pub mod none;
pub mod number;
pub mod place;
mod vocabulary;

pub use vocabulary::Vocabulary;
