//! The field map and the enumerations of the pure core against the compiled contract: same names, same tags, nothing left out.
//!
//! The build script compiles `proto/` and leaves the descriptors; nothing here reads the proto files as text.

use std::collections::BTreeMap;

use bdcd::domain::{
    kinds::{COMMON, Field, KINDS, PARTY},
    matching::{Flag, Rule, Withholding},
};
use prost::Message as _;
use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};

const PACKAGE: &str = "bdcd.query.v1";

/// What a registration carries beside [`COMMON`] and its details.
const BESIDE_COMMON: [(&str, i32); 6] =
    [("status", 1), ("match", 2), ("identity", 14), ("waiting_order", 15), ("parties", 16), ("status_doubtful", 17)];

struct Contract {
    messages: BTreeMap<String, DescriptorProto>,
    enumerations: BTreeMap<String, Vec<(String, i32)>>,
}

impl Contract {
    fn load() -> Self {
        let bytes: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
        let set = FileDescriptorSet::decode(bytes).unwrap();
        let files: Vec<_> = set.file.into_iter().filter(|file| file.package() == PACKAGE).collect();
        let values = |file: &prost_types::FileDescriptorProto| -> Vec<(String, Vec<(String, i32)>)> {
            let enumerations = file.enum_type.iter();
            enumerations
                .map(|list| {
                    let values = list.value.iter().map(|value| (value.name().to_owned(), value.number()));
                    (list.name().to_owned(), values.collect())
                })
                .collect()
        };
        Self {
            enumerations: files.iter().flat_map(values).collect(),
            messages: files
                .into_iter()
                .flat_map(|file| file.message_type)
                .map(|message| (message.name().to_owned(), message))
                .collect(),
        }
    }

    fn message(&self, name: &str) -> &DescriptorProto {
        self.messages.get(name).expect("the contract has every message of the field map")
    }

    /// Names and numbers of an enumeration without its zero, the names without the prefix that proto asks for.
    fn values(&self, name: &str, prefix: &str) -> Vec<(String, i32)> {
        let values = &self.enumerations[name];
        assert_eq!(values[0], (format!("{prefix}_UNSPECIFIED"), 0), "the zero of `{name}`");
        let told = values.iter().skip(1);
        told.map(|(value, number)| {
            let word = value.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).unwrap();
            (word.to_owned(), *number)
        })
        .collect()
    }
}

fn is_text(field: &FieldDescriptorProto) -> bool {
    field.r#type() == Type::String && field.label() != Label::Repeated
}

/// Names and tags of the contract's fields, by tag.
fn contract_fields<'a>(fields: impl IntoIterator<Item = &'a FieldDescriptorProto>) -> BTreeMap<i32, &'a str> {
    fields.into_iter().map(|field| (field.number(), field.name())).collect()
}

/// Names and tags of the map's fields, by tag; a tag used twice fails.
fn map_fields(fields: &'static [Field]) -> BTreeMap<i32, &'static str> {
    let tags: BTreeMap<i32, &str> =
        fields.iter().map(|field| (i32::try_from(field.tag).unwrap(), field.name)).collect();
    assert_eq!(tags.len(), fields.len(), "a tag is used twice");
    tags
}

/// `VERIFY_ON_SITE` as the variant of a Rust enumeration prints: `VerifyOnSite`.
fn variant_name(word: &str) -> String {
    let parts = word.split('_').filter(|part| !part.is_empty());
    parts.map(|part| part[..1].to_owned() + &part[1..].to_lowercase()).collect()
}

#[test]
fn details_of_every_kind_are_the_contracts() {
    let contract = Contract::load();
    for kind in &KINDS {
        let message = contract.message(kind.message);
        assert!(message.field.iter().all(is_text), "`{}` has a field that is not one text", kind.message);
        assert_eq!(map_fields(kind.fields), contract_fields(&message.field), "details of `{}`", kind.message);
    }
}

#[test]
fn every_kind_has_its_place_in_a_registration() {
    let contract = Contract::load();
    let registration = contract.message("Registration");
    let details = registration.field.iter().filter(|field| field.oneof_index.is_some());
    let told: BTreeMap<i32, &str> = details.map(|field| (field.number(), field.type_name())).collect();
    let names: Vec<String> = KINDS.iter().map(|kind| format!(".{PACKAGE}.{}", kind.message)).collect();
    let tags = KINDS.iter().map(|kind| i32::try_from(kind.tag).unwrap());
    assert_eq!(told, tags.zip(names.iter().map(String::as_str)).collect());
}

#[test]
fn what_all_registrations_have_is_the_contracts() {
    let contract = Contract::load();
    let registration = contract.message("Registration");
    let plain: Vec<_> = registration.field.iter().filter(|field| field.oneof_index.is_none()).collect();
    for field in plain.iter().filter(|field| BESIDE_COMMON.iter().all(|(_, tag)| *tag != field.number())) {
        assert!(is_text(field), "`{}` is not one text", field.name());
    }
    let mut expected = map_fields(COMMON);
    for (name, tag) in BESIDE_COMMON {
        assert_eq!(expected.insert(tag, name), None, "the tag of `{name}` is taken");
    }
    assert_eq!(expected, contract_fields(plain));
}

#[test]
fn what_a_party_has_is_the_contracts() {
    let contract = Contract::load();
    let mut expected = map_fields(PARTY);
    assert_eq!(expected.insert(30, "role"), None);
    assert_eq!(expected, contract_fields(&contract.message("Party").field));
}

#[test]
fn rules_flags_and_reasons_have_the_contracts_numbers() {
    let contract = Contract::load();
    let number = |number: i32| u64::try_from(number).unwrap();
    for (word, value) in contract.values("Rule", "RULE") {
        let rule = Rule::from_number(number(value)).unwrap_or_else(|| panic!("no rule for `{word}`"));
        assert_eq!(format!("{rule:?}"), variant_name(&word));
    }
    for (word, value) in contract.values("Flag", "FLAG") {
        let flag = Flag::from_number(number(value)).unwrap_or_else(|| panic!("no flag for `{word}`"));
        assert_eq!(format!("{flag:?}"), variant_name(&word));
    }
    let reasons = contract.values("WithheldRule", "WITHHELD_RULE");
    for (word, value) in &reasons {
        let reason = Withholding::from_number(number(*value)).unwrap_or_else(|| panic!("no reason for `{word}`"));
        assert_eq!(format!("{reason:?}"), variant_name(word));
    }
    let next = u64::try_from(reasons.len()).unwrap() + 1;
    assert_eq!(Withholding::from_number(next), None, "the contract lacks a reason of withholding");
}
