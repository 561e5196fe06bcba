//! What else the court side sends: acknowledgement, documents, credentials (`deploy/DECISIONS.md`, "Message").

use super::{
    document,
    xml::{Element, XmlError},
};

/// What the court answers to a feedback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acknowledgement {
    /// A general failure; absent where there is none.
    pub error: Option<String>,
    /// One result a request: number, `success` or `fail`, reason.
    pub results: Vec<[String; 3]>,
}

/// The files of a request: documents or credentials, each as its elements in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// `ErrorMSG`; also stands in messages that carry no error.
    pub error: Option<String>,
    /// The files, each a list of element and text.
    pub files: Vec<Vec<(String, String)>>,
}

/// Reads an acknowledgement (`RESULTLIST`).
///
/// # Errors
///
/// Where the bytes are none.
pub fn read_acknowledgement(bytes: &[u8]) -> Result<Acknowledgement, XmlError> {
    let root = document::read(bytes, "RESULTLIST")?;
    let items = root.all("CXJGLIST").flat_map(|list| list.all("JG"));
    Ok(Acknowledgement {
        error: root.child("errMsg").map(|error| error.text.trim().to_owned()),
        results: items.map(|item| ["CXQQDH", "RESULT", "MSG"].map(|name| item.leaf(&[name]).to_owned())).collect(),
    })
}

/// Reads documents (`WSLIST` / `WSINFO`).
///
/// # Errors
///
/// Where the bytes are none.
pub fn read_documents(bytes: &[u8]) -> Result<Files, XmlError> {
    Ok(files(&document::read(bytes, "WSLIST")?, "WSINFO"))
}

/// Reads credentials (`ZJLIST` / `ZJINFO`).
///
/// # Errors
///
/// Where the bytes are none.
pub fn read_credentials(bytes: &[u8]) -> Result<Files, XmlError> {
    Ok(files(&document::read(bytes, "ZJLIST")?, "ZJINFO"))
}

fn files(root: &Element, item: &str) -> Files {
    let texts =
        |file: &Element| file.children.iter().map(|child| (child.name.clone(), child.text.trim().to_owned())).collect();
    Files { error: root.error_message.clone(), files: root.all(item).map(texts).collect() }
}
