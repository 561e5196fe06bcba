//! Archives of ours, of other tools, and made to harm.

use std::fs;

use proptest::prelude::*;

use super::*;

const MANIFEST: &[u8] = b"{}\n";

/// Bytes of a gigabyte, which nobody holds in memory.
const GIGABYTE: u64 = 1 << 30;

fn header(name: &[u8], kind: EntryType, bytes: u64) -> Header {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_cksum();
    header
}

/// An archive as another tool makes it: one frame, begun with these entries.
struct Other(Builder<zstd::Encoder<'static, File>>);

impl Other {
    fn new(path: &Path) -> Self {
        Self(Builder::new(zstd::Encoder::new(File::create(path).unwrap(), LEVEL).unwrap()))
    }

    fn with_manifest(path: &Path) -> Self {
        Self::new(path).file(MANIFEST_FILE.as_bytes(), MANIFEST)
    }

    fn file(self, name: &[u8], bytes: &[u8]) -> Self {
        self.entry(&header(name, EntryType::Regular, bytes.len() as u64), bytes)
    }

    fn entry(mut self, header: &Header, bytes: impl Read) -> Self {
        self.0.append(header, bytes).unwrap();
        self
    }

    fn finish(self) {
        self.0.into_inner().unwrap().finish().unwrap().sync_all().unwrap();
    }
}

fn zeros(bytes: u64) -> impl Read {
    io::repeat(0).take(bytes)
}

fn open(path: &Path) -> Result<Archive, ArchiveError> {
    open_within(path, 16 << 30)
}

fn open_within(path: &Path, bytes_max: u64) -> Result<Archive, ArchiveError> {
    let judge = |head: Head| if head.manifest == MANIFEST { Ok(()) } else { Err("another manifest") };
    match Archive::open(path, bytes_max, judge) {
        Ok((archive, ())) => Ok(archive),
        Err(Stop::Archive(error)) => Err(error),
        Err(Stop::Judged(why)) => panic!("{why}"),
    }
}

fn read(archive: &Archive, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    archive.read(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// An archive of ours, of files with these bytes.
fn own(folder: &Path, files: &[(&str, Vec<u8>)]) -> std::path::PathBuf {
    let path = folder.join("own.tar.zst");
    fs::write(folder.join(MANIFEST_FILE), MANIFEST).unwrap();
    let mut names = vec![MANIFEST_FILE];
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
        names.push(name);
    }
    write(folder, &names, File::create(&path).unwrap()).unwrap();
    path
}

#[test]
fn files_are_read_in_any_order_and_each_from_a_frame_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{}.csv", "权利人".repeat(20));
    let files = [("QLR.csv", b"a".repeat(700_000)), ("H.csv", Vec::new()), (long.as_str(), b"b\n".repeat(3))];
    let archive = open(&own(folder.path(), &files)).unwrap();
    for (name, bytes) in files.iter().rev().chain(&files) {
        assert_eq!(&read(&archive, name), bytes, "{name}");
        assert_eq!(archive.digest(name).unwrap(), text::digest(bytes.as_slice()).unwrap().as_ref());
        assert!(archive.places[*name].skip <= 2048, "{name} is not sought from the beginning");
    }
    assert!(archive.read("QLR.csv.").is_err() && !archive.holds("../QLR.csv"));
}

#[test]
fn archives_of_other_tools_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.tar.zst");
    let pax = b"30 mtime=1790000000.123456789\n14 path=H.csv\n";
    let other = Other::new(&path)
        .entry(&header(b"./", EntryType::Directory, 0), io::empty())
        .file(b"./manifest.json", MANIFEST)
        .file(b"./manifest.sig", b"x")
        .entry(&header(b"pax", EntryType::XHeader, pax.len() as u64), &pax[..])
        .file(b"ignored", b"1")
        .file(b"QLR.csv", b"2");
    other.finish();
    let archive = open(&path).unwrap();
    assert_eq!((read(&archive, "QLR.csv"), read(&archive, "H.csv")), (b"2".to_vec(), b"1".to_vec()));
}

#[test]
fn paths_are_confined_and_files_are_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar.zst");
    for name in ["/etc/passwd", "../QLR.csv", "a/../../QLR.csv", "a/QLR.csv", "..", ".", "", "a\\b", "C:x", "a\nb"] {
        Other::with_manifest(&path).file(name.as_bytes(), b"1").finish();
        assert!(matches!(open(&path), Err(ArchiveError::Path { .. })), "{name:?}");
    }
    Other::with_manifest(&path).file(b"\xff.csv", b"1").finish();
    assert!(matches!(open(&path), Err(ArchiveError::Path { .. })));
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::Directory,
        EntryType::GNUSparse,
        EntryType::Continuous,
        EntryType::new(b'M'),
    ] {
        Other::with_manifest(&path).entry(&header(b"QLR.csv", kind, 0), io::empty()).finish();
        assert!(matches!(open(&path), Err(ArchiveError::Kind { .. })), "{kind:?}");
    }
    for twice in ["QLR.csv", "./QLR.csv"] {
        Other::with_manifest(&path).file(b"QLR.csv", b"1").file(twice.as_bytes(), b"2").finish();
        assert!(matches!(open(&path), Err(ArchiveError::Twice { .. })));
    }
    let mut many = Other::with_manifest(&path);
    for at in 0..=FILES_MAX {
        many = many.file(format!("{at}.csv").as_bytes(), b"");
    }
    many.finish();
    assert!(matches!(open(&path), Err(ArchiveError::TooMany)));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is written");
}

#[test]
fn manifest_and_signature_come_first_and_are_judged_before_anything_else_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar.zst");
    Other::new(&path).file(b"QLR.csv", b"1").file(b"manifest.json", MANIFEST).finish();
    assert!(matches!(open(&path), Err(ArchiveError::Order)));
    Other::new(&path).file(b"manifest.sig", b"1").file(b"manifest.json", MANIFEST).finish();
    assert!(matches!(open(&path), Err(ArchiveError::Order)));
    Other::with_manifest(&path).file(b"QLR.csv", b"1").file(b"manifest.sig", b"1").finish();
    assert!(matches!(open(&path), Err(ArchiveError::Order)));
    Other::with_manifest(&path).file(b"manifest.json", MANIFEST).finish();
    assert!(matches!(open(&path), Err(ArchiveError::Twice { .. })));
    Other::new(&path).finish();
    assert!(matches!(open(&path), Err(ArchiveError::Order)));
    Other::with_manifest(&path).file(b"../zip-slip", b"1").finish();
    let refused: Result<(Archive, ()), _> = Archive::open(&path, 1 << 30, |_| Err("nobody vouches for it"));
    assert!(matches!(refused, Err(Stop::Judged(_))));
    Other::with_manifest(&path).finish();
    open(&path).unwrap();
}

#[test]
fn a_gigabyte_of_zeros_is_refused_wherever_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar.zst");
    let table = header(b"QLR.csv", EntryType::Regular, GIGABYTE);
    Other::with_manifest(&path).entry(&table, zeros(GIGABYTE)).finish();
    assert!(fs::metadata(&path).unwrap().len() < 200_000);
    assert!(matches!(open(&path), Err(ArchiveError::Expands)));
    assert!(matches!(open_within(&path, 10 << 20), Err(ArchiveError::TooLarge { bytes }) if bytes == 10 << 20));
    let manifest = header(MANIFEST_FILE.as_bytes(), EntryType::Regular, GIGABYTE);
    Other::new(&path).entry(&manifest, zeros(GIGABYTE)).finish();
    assert!(matches!(open(&path), Err(ArchiveError::FileTooLarge { .. })));
    let signature = header(SIGNATURE_FILE.as_bytes(), EntryType::Regular, GIGABYTE);
    Other::with_manifest(&path).entry(&signature, zeros(GIGABYTE)).finish();
    assert!(matches!(open(&path), Err(ArchiveError::FileTooLarge { .. })));
    for kind in [EntryType::GNULongName, EntryType::XHeader, EntryType::XGlobalHeader, EntryType::GNULongLink] {
        Other::with_manifest(&path).entry(&header(b"x", kind, GIGABYTE), zeros(GIGABYTE)).finish();
        assert!(matches!(open(&path), Err(ArchiveError::Kind { .. })), "{kind:?}");
    }
}

#[test]
fn what_is_no_archive_is_called_that() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    for bytes in [&b""[..], b"{}", b"PK\x03\x04", b"\x1f\x8b\x08\x00"] {
        fs::write(&path, bytes).unwrap();
        assert!(matches!(open(&path), Err(ArchiveError::NoArchive)));
    }
    fs::write(&path, zstd::encode_all(&b"no tar, but text"[..], LEVEL).unwrap()).unwrap();
    assert!(open(&path).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Cut short or altered anywhere, an archive is refused, or what was passed over is what is read.
    #[test]
    fn damage_is_refused_or_in_the_digests(place in any::<prop::sample::Index>(), flip in 1..=255_u8, is_cut in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let rows: Vec<u8> = (0..20_000_u32).flat_map(|row| format!("{row},{}\n", row.wrapping_mul(2_654_435_761)).into_bytes()).collect();
        let path = own(folder.path(), &[("QLR.csv", rows.clone()), ("H.csv", b"1\n".to_vec())]);
        let mut bytes = fs::read(&path).unwrap();
        let at = place.index(bytes.len());
        if is_cut { bytes.truncate(at) } else { bytes[at] ^= flip }
        fs::write(&path, &bytes).unwrap();
        let judge = |_: Head| Ok::<(), ()>(());
        if let Ok((archive, ())) = Archive::open(&path, 1 << 30, judge) {
            for name in archive.places.keys() {
                let read = read(&archive, name);
                let digest = text::digest(read.as_slice()).unwrap();
                prop_assert_eq!(&archive.digest(name).unwrap()[..], digest.as_ref());
            }
        }
    }
}
