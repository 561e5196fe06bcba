//! Reads the file key by key, so that all values that are not of their form are reported in one run.
//!
//! What can be read is read although something else cannot: its bounds are then checked in the same run.

use serde::{Deserialize as _, de::IntoDeserializer as _};
use toml::{Table, Value, de::Error};

use super::written::Config;

/// The configuration without the values that are not of their form, and these, by key: `key: what is expected`.
///
/// # Errors
///
/// Where the text is no TOML.
pub(super) fn read(text: &str) -> Result<(Config, Vec<String>), Error> {
    let written: Table = toml::from_str(text)?;
    let (mut readable, mut mistakes) = (Table::new(), Vec::new());
    for (key, value) in written {
        readable.extend(readable_part(&key, value, &mut mistakes).map(|value| (key, value)));
    }
    Ok((config(readable)?, mistakes))
}

/// As much of the value of a key as is of its form; what is not becomes a mistake.
fn readable_part(key: &str, value: Value, mistakes: &mut Vec<String>) -> Option<Value> {
    let Err(error) = of_key(key, value.clone()) else { return Some(value) };
    match value {
        // A section in which nothing is required, so each of its keys can be tried alone.
        Value::Table(section) if of_key(key, Table::new().into()).is_ok() => {
            let mut readable = Table::new();
            for (inner, value) in section {
                match of_key(key, Table::from_iter([(inner.clone(), value.clone())]).into()) {
                    Ok(_) => drop(readable.insert(inner, value)),
                    Err(error) => mistakes.push(format!("{key}.{inner}: {}", error.message())),
                }
            }
            Some(readable.into())
        }
        Value::Array(all) if of_key(key, Value::Array(Vec::new())).is_ok() => {
            let mut readable = Vec::new();
            for one in all {
                match of_key(key, vec![one.clone()].into()) {
                    Ok(_) => readable.push(one),
                    Err(error) => mistakes.push(format!("{}: {}", named(key, &one), error.message())),
                }
            }
            Some(readable.into())
        }
        _ => {
            mistakes.push(format!("{key}: {}", error.message()));
            None
        }
    }
}

/// The configuration that has nothing but this.
fn of_key(key: &str, value: Value) -> Result<Config, Error> {
    config(Table::from_iter([(key.to_owned(), value)]))
}

fn config(table: Table) -> Result<Config, Error> {
    Config::deserialize(table.into_deserializer())
}

/// How a mistake calls an element of an array: by its name, where it has one.
fn named(key: &str, element: &Value) -> String {
    let name = element.get("name").and_then(Value::as_str);
    name.map_or_else(|| key.to_owned(), |name| format!("{key} `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        read(text).unwrap().1
    }

    #[test]
    fn all_values_with_a_wrong_unit_are_reported_at_once() {
        let text = "
            listen = \"nowhere\"
            [ledger]
            body-retention = \"10y\"
            clock-bound = \"240h\"
            batch-bytes-max = \"8MB\"
            [load]
            quarantine-share-max = \"101%\"
            [limits]
            call-timeout = \"5\"
            message-bytes-max = 5
            streams-max = \"many\"
            drain-timeout = \"5s\"";
        let (config, mistakes) = read(text).unwrap();
        let keys: Vec<_> = mistakes.iter().map(|mistake| mistake.split(": ").next().unwrap()).collect();
        assert_eq!(
            keys,
            [
                "ledger.batch-bytes-max",
                "ledger.body-retention",
                "limits.call-timeout",
                "limits.message-bytes-max",
                "limits.streams-max",
                "listen",
                "load.quarantine-share-max"
            ]
        );
        assert!(
            mistakes[2].ends_with("give a time with its unit, such as \"250ms\" (ms, s, min, h, d)"),
            "{mistakes:?}"
        );
        // What is of its form counts, so that its bounds are checked in the same run.
        assert_eq!(config.limits.drain_timeout.0.as_secs(), 5);
        assert_eq!(config.ledger.clock_bound.0.as_secs(), 240 * 60 * 60);
    }

    #[test]
    fn keys_and_sections_that_nobody_knows_are_reported_with_the_rest() {
        let found = mistakes("limit = 1\n[limits]\nstreams = 5\ncall-timeout = \"5y\"\n[other]\nkey = 1");
        assert_eq!(found.len(), 4, "{found:?}");
        for (mistake, expected) in found.iter().zip(["limit: ", "limits.call-timeout: ", "limits.streams: ", "other: "])
        {
            assert!(mistake.starts_with(expected), "{mistake}");
        }
        assert!(mistakes("limits = 5")[0].starts_with("limits: invalid type"));
    }

    #[test]
    fn what_a_gateway_or_the_client_lacks_is_reported_by_its_name() {
        let found =
            mistakes("[[gateway]]\nname = \"g\"\ncourts = []\n[[gateway]]\ncourts = 1\n[client]\nserver = \"s\"");
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("client: missing field") && found[2].starts_with("gateway: "), "{found:?}");
        assert_eq!(found[1], "gateway `g`: missing field `certificate`");
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_place() {
        let error = read("limits = {").err().unwrap();
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
