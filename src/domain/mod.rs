//! The pure core: what is asked, what is registered, who is who, what is answered. No I/O, no clock, no chance.
//!
//! Read in this order.

pub mod kinds;
pub mod tables;
pub mod rows;
pub mod cell;
pub mod identifiers;
pub mod record;
pub mod generation;
pub mod inquiry;
pub mod matching;
pub mod answer;
pub mod wire;
pub mod codec;
mod view;
