//! Units, registrations and parties in the wire form of `proto/bdcd/query/v1/registration.proto`.
//!
//! The same form is sealed in the mirror and told in answers; what only the mirror keeps has tags from 100. Everything
//! goes by the field map, so that twelve kinds share this one path.

use super::{
    kinds::{KINDS, Kind},
    matching::{Flag, Rule},
    record::{Matched, NotedCharge, Party, Position, Registration, Role, Scope, Status, Unit, Values},
    wire::{Field, Malformed, Reader, Writer},
};

/// Tag of a charge noted on a unit, in a record alone.
pub(super) const NOTED_CHARGE: u32 = 100;
/// Tag of a former holder of a registration, in a record alone.
pub(super) const FORMER_PARTY: u32 = 101;

/// Writes a unit as the mirror keeps it. An answer tells its parts; see [`super::answer::compose`].
pub fn write_unit(writer: &mut Writer, unit: &Unit) {
    writer.text(1, &unit.number);
    writer.text(2, &unit.group);
    writer.text(3, &unit.location);
    writer.text(4, &unit.area);
    writer.text(5, &unit.area_unit);
    if let Some(position) = &unit.position {
        writer.message(6, |inner| write_position(inner, position));
    }
    for registration in &unit.registrations {
        writer.message(7, |inner| write_registration(inner, registration));
    }
    for charge in &unit.noted_charges {
        writer.message(NOTED_CHARGE, |inner| {
            inner.text(1, &charge.identity);
            inner.number(2, u64::from(charge.kind.table().tag));
            inner.number(3, status_number(charge.status));
            inner.number(4, u64::from(charge.scope == Scope::Building));
        });
    }
}

fn write_position(writer: &mut Writer, position: &Position) {
    for (boundary, tag) in position.boundaries.iter().zip(1..) {
        writer.text(tag, boundary);
    }
    writer.text(5, &position.sheet);
    writer.number(6, u64::from(position.is_of_parcel));
    for point in &position.points {
        writer.message(7, |inner| write_texts(inner, point));
    }
    for point in &position.geographic_points {
        writer.message(8, |inner| write_texts(inner, point));
    }
}

fn write_texts(writer: &mut Writer, texts: &[String]) {
    for (text, tag) in texts.iter().zip(1..) {
        writer.text(tag, text);
    }
}

fn write_values(writer: &mut Writer, values: &Values) {
    for (tag, text) in values.iter() {
        writer.text(tag, text);
    }
}

fn write_registration(writer: &mut Writer, registration: &Registration) {
    writer.number(1, status_number(registration.status));
    if let Some(matched) = &registration.matched {
        writer.message(2, |inner| write_match(inner, matched));
    }
    write_values(writer, &registration.common);
    writer.text(14, &registration.identity);
    writer.number(15, u64::from(registration.waiting_order));
    let party = |inner: &mut Writer, party: &Party| {
        write_values(inner, &party.values);
        inner.number(30, role_number(party.role));
    };
    for holder in registration.parties.iter().filter(|party| !party.is_former) {
        writer.message(16, |inner| party(inner, holder));
    }
    writer.number(17, u64::from(registration.is_doubtful));
    writer.message(registration.kind.table().tag, |inner| write_values(inner, &registration.details));
    // Last, so that an answer copies all before them.
    for former in registration.parties.iter().filter(|party| party.is_former) {
        writer.message(FORMER_PARTY, |inner| party(inner, former));
    }
}

/// Writes why a registration is in an answer.
pub(super) fn write_match(writer: &mut Writer, matched: &Matched) {
    match matched {
        Matched::Party { party, rule, flags } => {
            writer.number(1, 1);
            writer.number(2, *rule as u64);
            write_flags(writer, flags);
            writer.number(4, u64::from(*party));
        }
        Matched::OnSubjectUnit { flags } => {
            writer.number(1, 2);
            write_flags(writer, flags);
        }
    }
}

/// Repeated enumerations are packed in proto3; every value here is below 128, one byte each.
fn write_flags(writer: &mut Writer, flags: &[Flag]) {
    if !flags.is_empty() {
        let packed: Vec<u8> = flags.iter().map(|flag| *flag as u8).collect();
        writer.delimited(3, &packed);
    }
}

/// Reads a unit, of an answer or of a record.
///
/// # Errors
///
/// [`Malformed`] where the bytes are no unit.
pub fn read_unit(bytes: &[u8]) -> Result<Unit, Malformed> {
    let mut unit = Unit::default();
    for field in Reader::new(bytes) {
        let (tag, field) = field?;
        match tag {
            1 => field.text()?.clone_into(&mut unit.number),
            2 => field.text()?.clone_into(&mut unit.group),
            3 => field.text()?.clone_into(&mut unit.location),
            4 => field.text()?.clone_into(&mut unit.area),
            5 => field.text()?.clone_into(&mut unit.area_unit),
            6 => unit.position = Some(read_position(field.bytes()?)?),
            7 => unit.registrations.push(read_registration(field.bytes()?)?),
            NOTED_CHARGE => {
                let Noted { identity, kind, status, scope } = read_noted_charge(field.bytes()?)?;
                unit.noted_charges.push(NotedCharge { identity: identity.to_owned(), kind, status, scope });
            }
            _ => {}
        }
    }
    Ok(unit)
}

/// A [`NotedCharge`] as it lies in its bytes.
pub(super) struct Noted<'a> {
    pub(super) identity: &'a str,
    pub(super) kind: Kind,
    pub(super) status: Status,
    pub(super) scope: Scope,
}

/// Reads a charge that is noted on a unit.
pub(super) fn read_noted_charge(bytes: &[u8]) -> Result<Noted<'_>, Malformed> {
    let (mut identity, mut kind, mut status, mut scope) = ("", None, Status::Current, Scope::Parcel);
    for field in Reader::new(bytes) {
        let (tag, field) = field?;
        match tag {
            1 => identity = field.text()?,
            2 => kind = u32::try_from(field.number()?).ok().and_then(kind_of_tag),
            3 => status = read_status(field.number()?)?,
            4 if field.number()? == 1 => scope = Scope::Building,
            _ => {}
        }
    }
    Ok(Noted { identity, kind: kind.ok_or(Malformed)?, status, scope })
}

fn read_position(bytes: &[u8]) -> Result<Position, Malformed> {
    let mut position = Position::default();
    for field in Reader::new(bytes) {
        let (tag, field) = field?;
        match tag {
            1..=4 => field.text()?.clone_into(&mut position.boundaries[tag as usize - 1]),
            5 => field.text()?.clone_into(&mut position.sheet),
            6 => position.is_of_parcel = field.number()? != 0,
            7 => position.points.push(read_texts(field.bytes()?)?),
            8 => position.geographic_points.push(read_texts(field.bytes()?)?),
            _ => {}
        }
    }
    Ok(position)
}

fn read_texts<const N: usize>(bytes: &[u8]) -> Result<[String; N], Malformed> {
    let mut texts = std::array::from_fn(|_| String::new());
    for field in Reader::new(bytes) {
        let (tag, field) = field?;
        if let Some(text) = (tag as usize).checked_sub(1).and_then(|at| texts.get_mut(at)) {
            field.text()?.clone_into(text);
        }
    }
    Ok(texts)
}

fn read_registration(bytes: &[u8]) -> Result<Registration, Malformed> {
    let mut registration = Registration::new(Kind::LandOwnership, String::new());
    let mut kind = None;
    for field in Reader::new(bytes) {
        let (tag, field) = field?;
        match tag {
            1 => registration.status = read_status(field.number()?)?,
            2 => registration.matched = Some(read_match(field.bytes()?)?),
            3..=13 => registration.common.set(tag, field.text()?),
            14 => field.text()?.clone_into(&mut registration.identity),
            15 => registration.waiting_order = u32::try_from(field.number()?).map_err(|_| Malformed)?,
            16 => registration.parties.push(read_party(field.bytes()?)?),
            17 => registration.is_doubtful = field.number()? == 1,
            FORMER_PARTY => registration.parties.push(Party { is_former: true, ..read_party(field.bytes()?)? }),
            _ => {
                if let Some(found) = kind_of_tag(tag) {
                    kind = Some(found);
                    read_values(field, &mut registration.details)?;
                }
            }
        }
    }
    registration.kind = kind.ok_or(Malformed)?;
    Ok(registration)
}

fn read_values(field: Field<'_>, values: &mut Values) -> Result<(), Malformed> {
    for field in Reader::new(field.bytes()?) {
        let (tag, field) = field?;
        values.set(tag, field.text()?);
    }
    Ok(())
}

fn read_party(bytes: &[u8]) -> Result<Party, Malformed> {
    let mut party = Party::default();
    for field in Reader::new(bytes) {
        let (tag, field) = field?;
        if tag == 30 {
            party.role = read_role(field.number()?)?;
        } else {
            party.values.set(tag, field.text()?);
        }
    }
    Ok(party)
}

fn read_match(bytes: &[u8]) -> Result<Matched, Malformed> {
    let (mut relation, mut rule, mut flags, mut party) = (0, None, Vec::new(), 0);
    for field in Reader::new(bytes) {
        match field? {
            (1, field) => relation = field.number()?,
            (2, field) => rule = Some(Rule::from_number(field.number()?).ok_or(Malformed)?),
            (3, field) => {
                for number in field.bytes()? {
                    flags.push(Flag::from_number(u64::from(*number)).ok_or(Malformed)?);
                }
            }
            (4, field) => party = u32::try_from(field.number()?).map_err(|_| Malformed)?,
            _ => {}
        }
    }
    match (relation, rule) {
        (1, Some(rule)) => Ok(Matched::Party { party, rule, flags }),
        (2, _) => Ok(Matched::OnSubjectUnit { flags }),
        _ => Err(Malformed),
    }
}

/// The kind whose details have this tag; the tags follow one another in the order of [`KINDS`], by a test of the contract.
pub(super) fn kind_of_tag(tag: u32) -> Option<Kind> {
    let at = usize::try_from(tag.checked_sub(KINDS[0].tag)?).ok()?;
    KINDS.get(at).map(|table| table.kind)
}

fn status_number(status: Status) -> u64 {
    match status {
        Status::Current => 1,
        Status::Ended => 2,
        Status::Provisional => 3,
    }
}

pub(super) fn read_status(number: u64) -> Result<Status, Malformed> {
    match number {
        1 => Ok(Status::Current),
        2 => Ok(Status::Ended),
        3 => Ok(Status::Provisional),
        _ => Err(Malformed),
    }
}

fn role_number(role: Role) -> u64 {
    match role {
        Role::Holder => 1,
        Role::Obligor => 2,
        Role::ServientHolder => 3,
        Role::DominantHolder => 4,
    }
}

fn read_role(number: u64) -> Result<Role, Malformed> {
    match number {
        1 => Ok(Role::Holder),
        2 => Ok(Role::Obligor),
        3 => Ok(Role::ServientHolder),
        4 => Ok(Role::DominantHolder),
        _ => Err(Malformed),
    }
}
