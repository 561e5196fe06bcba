//! Why a row cannot be placed.

/// Why a row cannot be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each says itself in its message")]
pub enum Reason {
    #[error("the holder fits no registration of its unit, neither by business number nor by certificate number")]
    Orphan,
    #[error(
        "the holder fits several registrations by its business number, or others by its certificate number, and nothing decides"
    )]
    Ambiguous,
    #[error("the business number fits no mortgage")]
    NoMortgage,
    #[error("the building fits no FDCQ1 row of its unit")]
    NoProject,
    #[error("it has neither a unit number nor a house code, certificate number or business number")]
    NoPlace,
    #[error("it has no code of a parcel or sea area")]
    NoParcel,
    #[error("its table needs a unit number, and it has none")]
    NoUnit,
    #[error(
        "its unit number, or one of several, is cut or damaged, and it would stand on another's house or be missed on its own"
    )]
    DamagedUnit,
    #[error("it names no unit, and its house code is that of no house: the mortgage would be told to nobody there")]
    NoListedUnit,
    #[error(
        "the charge has no unit number, and its business number leads to no right, or to rights of several certificates"
    )]
    NoUnitOfCharge,
    #[error(
        "several rights of different certificates share its unit number, which is no unit number, and it names none of them"
    )]
    SharedUnit,
    #[error("what it names is no unit number of 28 letters and digits, and no right in force stands under it")]
    NobodysUnit,
    #[error("its business number stands on mortgages of different certificates, and none of them names its unit")]
    SharedBusiness,
}
