//! Compiles the contracts in `proto/` without `protoc`, and hands their descriptors to the tests.

use std::{env, error::Error, fs, path::PathBuf, time::SystemTime};

use prost::Message as _;

const CONTRACTS: &[&str] = &["bdcd/query/v1/query.proto", "bdcd/admin/v1/admin.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo:rustc-env=BDCD_BUILT={}", built()?);
    let descriptors = protox::compile(CONTRACTS, ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        // The answer is encoded once, as evidence; both sides keep its bytes as they are.
        .extern_path(".bdcd.query.v1.QueryResponse", "crate::rpc::wire::Response")
        .extern_path(".bdcd.query.v1.ExchangeResponse", "crate::rpc::wire::Response")
        .compile_fds(descriptors)?;
    Ok(())
}

/// When this is built, in seconds since 1970; what `SOURCE_DATE_EPOCH` says, where builds are to be the same byte for byte.
fn built() -> Result<u64, Box<dyn Error>> {
    match env::var("SOURCE_DATE_EPOCH") {
        Ok(seconds) => Ok(seconds.parse()?),
        Err(_) => Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs()),
    }
}
