//! The tree of named texts that an item of a feedback message is.

/// A list of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// The list element, such as `FDCQLIST`.
    pub element: String,
    /// Its items.
    pub items: Vec<Vec<Node>>,
}

/// An element of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A named text.
    Leaf(String, String),
    /// A list within the item: its element, its item element, its items.
    List(String, String, Vec<Vec<Node>>),
    /// A named group.
    Group(String, Vec<Node>),
}
