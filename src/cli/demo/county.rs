//! The fixture county, carried in the program so that the demo needs nothing beside it.

use std::{fs, io, path::Path};

macro_rules! file {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../../fixtures/county/", $name)))
    };
}

const FILES: &[(&str, &[u8])] = &[
    file!("CFDJ.csv"),
    file!("DYAQ.csv"),
    file!("DYIQ.csv"),
    file!("DYWQD.csv"),
    file!("FDCQ1.csv"),
    file!("FDCQ2.csv"),
    file!("FDCQXM.csv"),
    file!("GJZWSYQ.csv"),
    file!("GZW.csv"),
    file!("H.csv"),
    file!("HYSYQ.csv"),
    file!("JSYDSYQ.csv"),
    file!("JZD.csv"),
    file!("LQ.csv"),
    file!("NYDSYQ.csv"),
    file!("TDSYQ.csv"),
    file!("YGDJ.csv"),
    file!("YHYDZB.csv"),
    file!("YYDJ.csv"),
    file!("ZDJBXX.csv"),
    file!("ZD_K.csv"),
    file!("ZHJBXX.csv"),
    file!("ZH_K.csv"),
    file!("ZRZ.csv"),
    file!("ZTT_GY_QLR.csv"),
    file!("ZXDJ.csv"),
    file!("manifest.json"),
];

/// Writes the package into a new folder.
pub(super) fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    FILES.iter().try_for_each(|(name, bytes)| fs::write(folder.join(name), bytes))
}
