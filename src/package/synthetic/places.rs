//! Parcels and flats that were written.

/// A parcel that was written.
#[derive(Debug)]
pub(super) struct Parcel {
    /// ZDDM, 19 characters.
    pub(super) code: String,
    /// ZL
    pub(super) location: String,
}

impl Parcel {
    /// The unit of the land itself.
    pub(super) fn land_unit(&self) -> String {
        format!("{}W00000000", self.code)
    }
}

/// A flat: the row of its house, and what the owner's right repeats.
pub(super) struct Flat {
    /// BDCDYH, 28 characters.
    pub(super) unit: String,
    /// FWBM, 26 characters.
    pub(super) house_code: String,
    pub(super) location: String,
    pub(super) floor: u64,
    pub(super) floors: u64,
    pub(super) area: String,
    pub(super) inner_area: String,
    pub(super) shared_area: String,
}
