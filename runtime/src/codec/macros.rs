//! The tables that generated modules are written in.
//!
//! Each macro turns a table into the [`super::Wire`] implementation of a type that is declared
//! beside it, and into serde's `Serialize` and `Deserialize` on top of that. Macros, because
//! rustc expands a table faster than it parses the code written out, and a person reads it
//! faster too.

/// serde on top of [`super::Wire`].
#[doc(hidden)]
#[macro_export]
macro_rules! wire_serde {
    ($name:ident) => {
        impl $crate::codec::serde::Serialize for $name {
            fn serialize<S: $crate::codec::serde::Serializer>(
                &self,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                $crate::codec::serialize(self, serializer)
            }
        }

        impl<'de> $crate::codec::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::codec::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::codec::deserialize(deserializer)
            }
        }
    };
}

/// The members of a struct: constants without a field, required ones and optional ones. An `open`
/// object keeps what the schema does not name in `extra`; a `closed` one allows nothing else.
#[macro_export]
macro_rules! wire_object {
    ($rest:ident $name:ident {
        $(constant { $($ckey:literal: $constant:expr,)* })?
        $(required { $($rkey:literal: $rfield:ident,)* })?
        $(optional { $($okey:literal: $ofield:ident,)* })?
    }) => {
        impl $crate::codec::Wire for $name {
            fn read(value: $crate::codec::serde_json::Value) -> Result<Self, $crate::codec::Mismatch> {
                #[allow(unused_mut)]
                let mut members = $crate::codec::Members::of(value)?;
                $($(members.constant($ckey, $constant)?;)*)?
                $($(let $rfield = members.required($rkey)?;)*)?
                $($(let $ofield = members.optional($okey)?;)*)?
                $crate::wire_object!(@read $rest members $name { $($($rfield,)*)? $($($ofield,)*)? })
            }

            fn write(&self) -> $crate::codec::serde_json::Value {
                #[allow(unused_mut)]
                let mut writer = $crate::codec::Writer::default();
                $($(writer.constant($ckey, $constant);)*)?
                $($(writer.required($rkey, &self.$rfield);)*)?
                $($(writer.optional($okey, &self.$ofield);)*)?
                $crate::wire_object!(@write $rest self writer);
                writer.end()
            }
        }

        $crate::wire_serde!($name);
    };
    (@read open $members:ident $name:ident { $($field:ident,)* }) => {
        Ok($name { $($field,)* extra: $members.rest() })
    };
    (@read closed $members:ident $name:ident { $($field:ident,)* }) => {{
        $members.end()?;
        Ok($name { $($field,)* })
    }};
    (@write open $self:ident $writer:ident) => { $writer.rest(&$self.extra) };
    (@write closed $self:ident $writer:ident) => {};
}

/// The wire names of a string enum's values; an open one ends in `..Other`, the variant that
/// keeps what the schema does not list.
#[macro_export]
macro_rules! wire_choice {
    ($name:ident { $($variant:ident: $text:literal,)* $(..$other:ident)? }) => {
        impl $crate::codec::Choice for $name {
            const NAME: &'static str = stringify!($name);
            const VALUES: &'static [&'static str] = &[$($text),*];

            fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)*
                    other => $crate::wire_choice!(@other other $($other)?),
                }
            }

            fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    $(Self::$other(text) => text,)?
                }
            }
        }

        impl $crate::codec::Wire for $name {
            fn read(value: $crate::codec::serde_json::Value) -> Result<Self, $crate::codec::Mismatch> {
                $crate::codec::read_choice(&value)
            }

            fn write(&self) -> $crate::codec::serde_json::Value {
                $crate::codec::serde_json::Value::from($crate::codec::Choice::as_str(self))
            }
        }

        $crate::wire_serde!($name);
    };
    (@other $text:ident) => {{
        let _ = $text;
        None
    }};
    (@other $text:ident $other:ident) => { Some(Self::$other($text.to_owned())) };
}

/// The variants of a union, each with its type and the tests that recognise it, best first.
#[macro_export]
macro_rules! wire_union {
    ($name:ident { $($variant:ident($type:ty): [$($test:expr),* $(,)?],)* }) => {
        impl $name {
            /// How each variant is recognised, in the order in which they are tried.
            pub const BRANCHES: &'static [$crate::codec::Branch] =
                &[$((stringify!($variant), &[$($test),*])),*];

            /// The name of the variant.
            pub fn variant(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => stringify!($variant),)*
                }
            }
        }

        impl $crate::codec::Wire for $name {
            fn read(value: $crate::codec::serde_json::Value) -> Result<Self, $crate::codec::Mismatch> {
                const READERS: &[fn($crate::codec::serde_json::Value) -> Result<$name, $crate::codec::Mismatch>] =
                    &[$(|value| <$type as $crate::codec::Wire>::read(value).map($name::$variant)),*];
                $crate::codec::read_union(stringify!($name), Self::BRANCHES, READERS, value)
            }

            fn write(&self) -> $crate::codec::serde_json::Value {
                match self {
                    $(Self::$variant(value) => $crate::codec::Wire::write(value),)*
                }
            }
        }

        $crate::wire_serde!($name);
    };
}
