//! The file in which a bureau keeps what it knows of its own export, `tables.toml`.
//!
//! ```toml
//! none = ["未办理"]
//!
//! [files]                            # which table a file has; `*` stands for any characters, "" for no table
//! "BDC.权利人_*.csv" = "QLR"
//! "backup_*.csv" = ""
//!
//! [columns.QLR]                      # the bureau's name = the standard's name
//! "证件号" = "ZJH"
//!
//! [codes.QSZT]                       # the bureau's word = the code
//! "历史" = "2"
//!
//! [accept]                           # gaps, with the reason that every answer repeats
//! "CFDJ" = "seizures are kept on paper"
//! ```

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

use super::ConfigError;
use crate::package::seal::Bureau;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    columns: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    codes: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    none: Vec<String>,
    #[serde(default)]
    accept: BTreeMap<String, String>,
}

/// Reads such a file.
///
/// # Errors
///
/// Where it cannot be read or is of another form.
pub fn read(path: &Path) -> Result<Bureau, ConfigError> {
    let shown = || path.display().to_string();
    let text = fs::read_to_string(path).map_err(|source| ConfigError::Tables { path: shown(), source })?;
    let written: Written = toml::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|source| ConfigError::TablesForm { path: shown(), source: Box::new(source) })?;
    let Written { files, columns, codes, none, accept } = written;
    // A plain name before the patterns that it may fit as well.
    let mut files: Vec<(String, String)> = files.into_iter().collect();
    files.sort_by_key(|(name, _)| name.contains('*'));
    Ok(Bureau { files, columns, codes, none, accept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_read_and_unknown_keys_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tables.toml");
        let page = include_str!("bureau.rs");
        let example: Vec<&str> = page
            .lines()
            .skip_while(|line| *line != "//! ```toml")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| line.trim_start_matches("//!").trim_start())
            .collect();
        fs::write(&path, format!("\u{feff}{}\n", example.join("\n"))).unwrap();
        let bureau = read(&path).unwrap();
        let files: Vec<_> = bureau.files.iter().map(|(name, table)| (name.as_str(), table.as_str())).collect();
        assert_eq!(files, [("BDC.权利人_*.csv", "QLR"), ("backup_*.csv", "")]);
        assert_eq!(bureau.columns["QLR"]["证件号"], "ZJH");
        assert_eq!((bureau.codes["QSZT"]["历史"].as_str(), bureau.none.as_slice()), ("2", &["未办理".to_owned()][..]));
        assert_eq!(bureau.accept["CFDJ"], "seizures are kept on paper");
        fs::write(&path, "tables = 1").unwrap();
        assert!(matches!(read(&path), Err(ConfigError::TablesForm { .. })));
        assert!(matches!(read(folder.path()), Err(ConfigError::Tables { .. })));
    }
}
