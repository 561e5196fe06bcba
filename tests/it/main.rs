//! The stories: `bdcd` seen through the doors that users use, and the fixtures that they rest on.

mod contract;
mod county;
mod matching;
mod tidy;
