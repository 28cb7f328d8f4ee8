//! The declaration of keys: what a section is made of, and the macro that declares one.

use super::Reader;

/// One key of a section, as declared; the source of parsing, sample and manual.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As written in the file.
    pub name: &'static str,
    /// The paragraph of the manual, in lines; code stands in backquotes.
    pub lines: &'static [&'static str],
    /// The default, as TOML text; a key with neither default nor optional kind must be written.
    pub default: Option<&'static str>,
    /// A value to show where there is no default, as TOML text.
    pub example: Option<&'static str>,
    /// Smallest and greatest value, as TOML text.
    pub range: Option<(&'static str, &'static str)>,
    /// Whether it may be left out without a default.
    pub optional: bool,
    /// What is to be written, in words.
    pub describe: fn() -> String,
}

impl Key {
    /// The paragraph of the manual as one text.
    #[must_use]
    pub fn paragraph(&self) -> String {
        joined(self.lines)
    }
}

/// A table of the file: `[smtp]`, or one of several `[[trunk]]`.
pub trait Section: Sized {
    /// The table's full name.
    const NAME: &'static str;
    /// What it is for, in lines.
    const LINES: &'static [&'static str];
    /// Its keys, in the order of the manual.
    const KEYS: &'static [Key];

    /// Reads the table; complaints go to the reader, and a faulty value is stood in for by a sound one.
    #[doc(hidden)]
    fn read(reader: &mut Reader<'_, '_>) -> Self;
}

/// Joins doc lines into one paragraph.
pub(super) fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

macro_rules! text_of {
    () => {
        None
    };
    ($value:tt) => {
        Some(stringify!($value))
    };
    ($low:tt $high:tt) => {
        Some((stringify!($low), stringify!($high)))
    };
}
pub(super) use text_of;

/// Declares a section: `key: Kind = default, example value, from low to high;`.
macro_rules! section {
    ($(#[doc = $about:literal])+ $name:ident $title:literal {
        $(
            $(#[doc = $line:literal])+
            $key:ident : $kind:ty $(= $default:tt)? $(, example $example:tt)? $(, from $low:tt to $high:tt)? ;
        )+
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, PartialEq, Debug)]
        pub struct $name {
            $( $(#[doc = $line])+ pub $key: <$kind as Kind>::Value, )+
        }

        impl Section for $name {
            const NAME: &'static str = $title;
            const LINES: &'static [&'static str] = &[$($about),+];
            const KEYS: &'static [Key] = &[$(
                Key {
                    name: stringify!($key),
                    lines: &[$($line),+],
                    default: text_of!($($default)?),
                    example: text_of!($($example)?),
                    range: text_of!($($low $high)?),
                    optional: <$kind as Kind>::OPTIONAL,
                    describe: <$kind as Kind>::describe,
                },
            )+];

            fn read(reader: &mut Reader<'_, '_>) -> Self {
                reader.begin(Self::KEYS);
                Self { $( $key: reader.key::<$kind>(Self::KEYS, stringify!($key)), )+ }
            }
        }
    };
}
pub(super) use section;

/// Declares the whole file: its sections, those that may come several times in brackets.
macro_rules! file {
    ($(#[doc = $about:literal])+ $name:ident {
        $( $field:ident : $section:ident, )+ ; $( $many_field:ident : [ $many:ident ], )+
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, PartialEq, Debug)]
        pub struct $name {
            $( #[doc = concat!("The section `[", stringify!($field), "]`.")] pub $field: $section, )+
            $( #[doc = concat!("The sections `[[", stringify!($many_field), "]]`, in order.")] pub $many_field: Vec<$many>, )+
        }

        impl $name {
            /// Reads the whole file.
            pub(super) fn read(reader: &mut Reader<'_, '_>) -> Self {
                reader.sections(&Self::names());
                Self {
                    $( $field: reader.table::<$section>(), )+
                    $( $many_field: reader.tables::<$many>(), )+
                }
            }

            fn names() -> Vec<&'static str> {
                vec![$( $section::NAME, )+ $( $many::NAME, )+]
            }

            /// Every section: name, whether it may come several times, what it is for, its keys.
            #[must_use]
            pub fn reference() -> Vec<(&'static str, bool, &'static [&'static str], &'static [Key])> {
                vec![
                    $( ($section::NAME, false, $section::LINES, $section::KEYS), )+
                    $( ($many::NAME, true, $many::LINES, $many::KEYS), )+
                ]
            }
        }
    };
}
pub(super) use file;
