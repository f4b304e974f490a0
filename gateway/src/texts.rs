//! Text for people in the six languages that the API speaks (`gateway/texts/*.ftl`).
//!
//! A [`Message`] is an id and its arguments, made where something is known; it becomes words only where the
//! reader's language is known, on the way out.

use std::sync::LazyLock;

use axum::http::{HeaderMap, header::ACCEPT_LANGUAGE};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

/// A language that the API speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Speech {
    /// English, also for whoever asked for none of the others.
    #[default]
    En,
    /// Polish.
    Pl,
    /// French.
    Fr,
    /// Ukrainian.
    Uk,
    /// Swedish.
    Sv,
    /// Italian.
    It,
}

impl Speech {
    /// All six.
    pub const ALL: [Self; 6] = [Self::En, Self::Pl, Self::Fr, Self::Uk, Self::Sv, Self::It];

    /// Its tag, as in `Content-Language` and `<html lang>`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Pl => "pl",
            Self::Fr => "fr",
            Self::Uk => "uk",
            Self::Sv => "sv",
            Self::It => "it",
        }
    }

    const fn source(self) -> &'static str {
        match self {
            Self::En => include_str!("../texts/en.ftl"),
            Self::Pl => include_str!("../texts/pl.ftl"),
            Self::Fr => include_str!("../texts/fr.ftl"),
            Self::Uk => include_str!("../texts/uk.ftl"),
            Self::Sv => include_str!("../texts/sv.ftl"),
            Self::It => include_str!("../texts/it.ftl"),
        }
    }

    /// The language of a tag (BCP 47), if it is spoken here.
    #[must_use]
    pub fn named(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|speech| speech.tag().eq_ignore_ascii_case(primary))
    }

    /// The language that the request likes best (RFC 9110, `Accept-Language`), of those spoken here.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let wishes = headers.get_all(ACCEPT_LANGUAGE).iter();
        let wishes = wishes.filter_map(|value| value.to_str().ok());
        let wishes = wishes.flat_map(|value| value.split(','));
        let mut best: Option<(f32, Self)> = None;
        for wish in wishes {
            let (range, weight) = wish.split_once(';').unwrap_or((wish, ""));
            let weight = match weight.trim().strip_prefix("q=") {
                Some(number) => number.trim().parse::<f32>().unwrap_or(0.0),
                None => 1.0,
            };
            let Some(speech) = Self::named(range.trim()) else {
                continue;
            };
            // Of two equal wishes the first counts.
            if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
                best = Some((weight, speech));
            }
        }
        best.map_or_else(Self::default, |(_, speech)| speech)
    }
}

/// A sentence or title still to be said in some language.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    id: &'static str,
    arguments: Vec<(&'static str, Argument)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Argument {
    Text(String),
    Number(i64),
}

impl Message {
    /// The message with this id in `texts/*.ftl`.
    #[must_use]
    pub const fn new(id: &'static str) -> Self {
        Self {
            id,
            arguments: vec![],
        }
    }

    /// With a text in it, which every language shows as it is.
    #[must_use]
    pub fn with(mut self, name: &'static str, text: impl ToString) -> Self {
        let text = Argument::Text(text.to_string());
        self.arguments.push((name, text));
        self
    }

    /// With a number in it, which each language writes and inflects in its own way.
    #[must_use]
    pub fn with_number(mut self, name: &'static str, number: impl Into<i64>) -> Self {
        let number = Argument::Number(number.into());
        self.arguments.push((name, number));
        self
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// In words.
    #[must_use]
    pub fn say(&self, speech: Speech) -> String {
        let bundle = &BUNDLES[speech as usize];
        let pattern = bundle.get_message(self.id).and_then(|m| m.value());
        // A test sees to it that every id in use is there in all languages.
        let Some(pattern) = pattern else {
            return self.id.to_owned();
        };
        let arguments: FluentArgs<'_> = self
            .arguments
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Argument::Text(text) => FluentValue::from(text.as_str()),
                    Argument::Number(number) => FluentValue::from(*number),
                };
                (*name, value)
            })
            .collect();
        let mut flaws = vec![];
        bundle
            .format_pattern(pattern, Some(&arguments), &mut flaws)
            .into_owned()
    }
}

static BUNDLES: LazyLock<[FluentBundle<FluentResource>; 6]> = LazyLock::new(|| {
    Speech::ALL.map(|speech| {
        let language: LanguageIdentifier = speech.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // The isolating marks are invisible in a browser, and noise in a terminal and in logs.
        bundle.set_use_isolating(false);
        let (Ok(resource) | Err((resource, _))) =
            FluentResource::try_new(speech.source().to_owned());
        bundle.add_resource_overriding(resource);
        bundle
    })
});

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    use axum::http::HeaderValue;

    use super::*;

    fn wished(value: &'static str) -> Speech {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(value));
        Speech::of(&headers)
    }

    #[test]
    fn the_best_liked_language_is_spoken() {
        assert_eq!(wished("pl-PL,pl;q=0.9,en;q=0.8"), Speech::Pl);
        assert_eq!(wished("de, fr;q=0.5, it;q=0.7"), Speech::It);
        assert_eq!(wished("sv, uk"), Speech::Sv);
        assert_eq!(wished("de"), Speech::En);
        assert_eq!(wished("fr;q=0, *"), Speech::En);
        assert_eq!(wished(";;,q=,"), Speech::En);
    }

    /// Every message of a language, with the names of its arguments.
    fn messages(speech: Speech) -> BTreeMap<String, BTreeSet<String>> {
        let source = speech.source();
        assert!(
            FluentResource::try_new(source.to_owned()).is_ok(),
            "{speech:?} cannot be read"
        );
        let mut found = BTreeMap::<String, BTreeSet<String>>::new();
        let mut current = String::new();
        for line in source.lines() {
            if line.starts_with(|c: char| c.is_ascii_lowercase())
                && let Some((id, _)) = line.split_once(" =")
            {
                id.clone_into(&mut current);
                let twice = found.insert(current.clone(), BTreeSet::new());
                assert!(twice.is_none(), "{speech:?} says {id} twice");
            }
            let names = line.split('$').skip(1).map(|rest| {
                let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_');
                rest[..end.unwrap_or(rest.len())].to_owned()
            });
            if let Some(arguments) = found.get_mut(&current) {
                arguments.extend(names);
            }
        }
        found
    }

    #[test]
    fn all_six_say_the_same_with_the_same_arguments() {
        let english = messages(Speech::En);
        for speech in Speech::ALL {
            assert_eq!(messages(speech), english, "{speech:?}");
        }
    }

    #[test]
    fn what_the_code_says_is_written_and_what_is_written_is_said() {
        let written: BTreeSet<String> = messages(Speech::En).into_keys().collect();
        let mut said = BTreeSet::new();
        collect(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut said,
        );
        let missing: Vec<_> = said.difference(&written).collect();
        assert!(missing.is_empty(), "said and not written: {missing:?}");
        let idle: Vec<_> = written.difference(&said).collect();
        assert!(idle.is_empty(), "written and never said: {idle:?}");
    }

    /// The ids in string literals of our sources.
    fn collect(folder: &Path, into: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, into);
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            for literal in source.split('"') {
                let id = literal.starts_with("problem-")
                    || literal.starts_with("detail-")
                    || literal.starts_with("violation-")
                    || literal.starts_with("mail-")
                    || literal.starts_with("page-")
                    || literal.starts_with("word-");
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                if id && !literal.ends_with('-') && literal.chars().all(plain) {
                    into.insert(literal.to_owned());
                }
            }
        }
    }

    #[test]
    fn numbers_are_inflected() {
        let many = |n: i64| {
            Message::new("violation-too-long")
                .with_number("max", n)
                .say(Speech::Pl)
        };
        assert_ne!(many(1).replace('1', "n"), many(5).replace('5', "n"));
    }
}
