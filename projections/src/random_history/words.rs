//! Words of random histories: people and texts of six languages, with all that search must bear.

use domain::{
    contact::{Email, Phone},
    text::PersonName,
};

use super::chance::Chance;

const FIRST: &[&str] = &[
    "Ada",
    "Zoë",
    "Łucja",
    "Мар'яна",
    "Åsa",
    "Élodie",
    "Giulia",
    "O'Neill",
    "Ærik",
    "Олег",
];
const LAST: &[&str] = &[
    "Lovelace",
    "Żółkiewska",
    "Шевченко",
    "Öberg",
    "Lefèvre",
    "D'Angelo",
    "Smith-Jones",
    "Nguyễn",
];
const WORDS: &[&str] = &[
    "allergic",
    "to",
    "henna",
    "prosi",
    "o",
    "ciszę",
    "très",
    "content",
    "дуже",
    "задоволена",
    "vill",
    "ha",
    "fönsterplats",
    "senza",
    "fretta",
    "100%",
    "_under_",
    "\"quoted\"",
    "line\nbreak",
    "=1+1",
];

impl Chance {
    pub(super) fn person(&mut self) -> PersonName {
        let name = format!("{} {}", self.of_these(FIRST), self.of_these(LAST));
        PersonName::parse(&name).expect("a name")
    }

    pub(super) fn phone(&mut self) -> Phone {
        let number = format!("+48600{:06}", self.below(1_000_000));
        Phone::parse(&number, None).expect("a Polish mobile number")
    }

    pub(super) fn email(&mut self) -> Email {
        Email::parse(&format!("c{}@example.com", self.below(1_000_000))).expect("an address")
    }

    pub(super) fn sentence(&mut self) -> String {
        let words: Vec<&str> = (0..=self.below(6)).map(|_| self.of_these(WORDS)).collect();
        words.join(" ")
    }
}
