//! Cells of a few known words, and lists of words.

use domain::{
    contact::Language,
    text::{Color, Tag},
};
use projections::folding::fold;

use crate::texts::Message;

const YES: [&str; 25] = [
    "1", "yes", "y", "true", "x", "v", "+", "✓", "✔", "tak", "t", "prawda", "oui", "o", "vrai",
    "так", "да", "д", "ja", "j", "sant", "si", "vero", "on", "agreed",
];
const NO: [&str; 21] = [
    "0", "no", "n", "false", "nie", "falsz", "non", "faux", "ні", "нет", "н", "nej", "falskt",
    "falso", "off", "-", "—", "–", "none", "brak", "declined",
];

/// Yes, no, or nothing said.
pub(in crate::imports) fn yes_or_no(text: &str) -> Result<Option<bool>, Message> {
    let word = fold(text);
    if word.is_empty() {
        Ok(None)
    } else if YES.contains(&word.as_str()) {
        Ok(Some(true))
    } else if NO.contains(&word.as_str()) {
        Ok(Some(false))
    } else {
        Err(Message::new("violation-yes-or-no"))
    }
}

/// Marks, each once. (`* myContacts` is in every list of Google's and says nothing.)
pub(in crate::imports) fn tags(text: &str) -> (Vec<Tag>, Option<Message>) {
    let mut tags: Vec<Tag> = vec![];
    let mut fault = None;
    for part in text
        .split([';', ',', '|', '\n'])
        .flat_map(|part| part.split(" ::: "))
    {
        let part = part.trim();
        if part.is_empty() || part == "* myContacts" || super::is_nothing(part) {
            continue;
        }
        match Tag::parse(part.trim_start_matches("* ")) {
            Ok(tag) if !tags.contains(&tag) => tags.push(tag),
            Ok(_) => {}
            Err(error) => fault = Some(error.into()),
        }
    }
    (tags, fault)
}

/// A language by its tag or its name.
pub(in crate::imports) fn language(text: &str) -> Result<Option<Language>, Message> {
    const NAMES: [(&str, &[&str]); 7] = [
        (
            "en",
            &[
                "english",
                "angielski",
                "anglais",
                "engelska",
                "inglese",
                "англійська",
                "английский",
            ],
        ),
        (
            "pl",
            &[
                "polish",
                "polski",
                "polonais",
                "polska",
                "polacco",
                "польська",
                "польский",
            ],
        ),
        (
            "fr",
            &[
                "french",
                "francuski",
                "francais",
                "franska",
                "francese",
                "французька",
                "французский",
            ],
        ),
        (
            "uk",
            &[
                "ukrainian",
                "ukrainski",
                "ukrainien",
                "ukrainska",
                "ucraino",
                "українська",
                "украинский",
                "ua",
            ],
        ),
        (
            "sv",
            &[
                "swedish",
                "szwedzki",
                "suedois",
                "svenska",
                "svedese",
                "шведська",
                "шведский",
            ],
        ),
        (
            "it",
            &[
                "italian",
                "wloski",
                "italien",
                "italienska",
                "italiano",
                "італійська",
                "итальянский",
            ],
        ),
        (
            "ru",
            &[
                "russian",
                "rosyjski",
                "russe",
                "ryska",
                "russo",
                "російська",
                "русский",
            ],
        ),
    ];
    if super::is_nothing(text) {
        return Ok(None);
    }
    let word = fold(text);
    let known = NAMES
        .iter()
        .find(|(_, names)| names.contains(&word.as_str()));
    let tag = known.map_or_else(
        || text.trim().replace('_', "-"),
        |(tag, _)| (*tag).to_owned(),
    );
    let language = Language::parse(&tag)?;
    Ok(Some(language))
}

/// A colour, with or without its `#`.
pub(in crate::imports) fn color(text: &str) -> Result<Option<Color>, Message> {
    let text = text.trim();
    if super::is_nothing(text) {
        return Ok(None);
    }
    let digits = text.trim_start_matches('#');
    let full: String = if digits.len() == 3 {
        digits.chars().flat_map(|c| [c, c]).collect()
    } else {
        digits.to_owned()
    };
    Color::parse(&format!("#{full}"))
        .map(Some)
        .map_err(|_| Message::new("violation-color"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_six_languages_are_known() {
        for yes in [
            "TAK", "tak", "1", "Oui", "так", "ja", "Sì", "✓", "TRUE", "X",
        ] {
            assert_eq!(yes_or_no(yes), Ok(Some(true)), "{yes}");
        }
        for no in ["NIE", "0", "non", "ні", "nej", "FALSE", "no"] {
            assert_eq!(yes_or_no(no), Ok(Some(false)), "{no}");
        }
        assert_eq!(yes_or_no(" "), Ok(None));
        assert!(yes_or_no("perhaps").is_err());
        let read = |text| language(text).unwrap().unwrap().as_str().to_owned();
        assert_eq!(
            (read("Polski"), read("uk"), read("en_GB")),
            ("pl".into(), "uk".into(), "en-GB".into())
        );
        assert_eq!(color("36c").unwrap().unwrap().as_str(), "#3366cc");
        let marks: Vec<_> = tags("* myContacts ::: VIP, stały klient;VIP").0;
        let marks: Vec<_> = marks.iter().map(Tag::as_str).collect();
        assert_eq!(marks, ["VIP", "stały klient"]);
    }
}
