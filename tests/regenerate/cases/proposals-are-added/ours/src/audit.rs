//! The adopter's own file.
