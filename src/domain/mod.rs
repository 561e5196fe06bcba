//! The pure core: what is asked, what is registered, who is who, what is answered. No I/O, no clock, no chance.
//!
//! Read in this order.

pub mod answer;
pub mod cell;
pub mod codec;
pub mod generation;
pub mod identifiers;
pub mod inquiry;
pub mod kinds;
pub mod matching;
pub mod record;
pub mod rows;

pub mod tables;
mod view;
pub mod wire;
