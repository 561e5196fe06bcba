//! Names and numbers: their normal forms, their check digits, and the forms that one can be converted into.
