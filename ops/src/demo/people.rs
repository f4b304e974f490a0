//! People who do not exist: names, phones and addresses as they are in the six languages Daybook speaks.

use rand::{Rng, RngExt, seq::IndexedRandom};

/// A language's people.
struct Names {
    language: &'static str,
    /// Given names; the family name's form may depend on which half the name is from.
    hers: &'static [&'static str],
    his: &'static [&'static str],
    /// Family names, hers and his.
    family: &'static [(&'static str, &'static str)],
    /// Calling code and the beginnings of mobile numbers, with as many digits as follow.
    calling_code: &'static str,
    mobile: &'static [(&'static str, usize)],
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) phone: String,
    pub(super) email: Option<String>,
    pub(super) language: &'static str,
}

const LANGUAGES: [Names; 6] = [
    Names {
        language: "pl",
        hers: &[
            "Agnieszka",
            "Katarzyna",
            "Małgorzata",
            "Joanna",
            "Zofia",
            "Hanna",
            "Maja",
            "Łucja",
            "Ewelina",
            "Grażyna",
            "Oliwia",
            "Żaneta",
        ],
        his: &[
            "Piotr",
            "Krzysztof",
            "Michał",
            "Łukasz",
            "Stanisław",
            "Wojciech",
            "Jakub",
            "Zbigniew",
        ],
        family: &[
            ("Kowalska", "Kowalski"),
            ("Wiśniewska", "Wiśniewski"),
            ("Nowak", "Nowak"),
            ("Wójcik", "Wójcik"),
            ("Zielińska", "Zieliński"),
            ("Szymańska", "Szymański"),
            ("Dąbrowska", "Dąbrowski"),
            ("Mazur", "Mazur"),
            ("Król", "Król"),
            ("Jabłońska", "Jabłoński"),
            ("Grabowska", "Grabowski"),
            ("Żak", "Żak"),
        ],
        calling_code: "48",
        mobile: &[
            ("50", 7),
            ("60", 7),
            ("66", 7),
            ("69", 7),
            ("78", 7),
            ("88", 7),
        ],
    },
    Names {
        language: "uk",
        hers: &[
            "Олена",
            "Наталія",
            "Ірина",
            "Оксана",
            "Юлія",
            "Марія",
            "Софія",
            "Ганна",
            "Тетяна",
            "Соломія",
        ],
        his: &["Олександр", "Андрій", "Сергій", "Тарас", "Богдан", "Дмитро"],
        family: &[
            ("Шевченко", "Шевченко"),
            ("Коваленко", "Коваленко"),
            ("Бондаренко", "Бондаренко"),
            ("Ткачук", "Ткачук"),
            ("Мельник", "Мельник"),
            ("Кравець", "Кравець"),
            ("Литвин", "Литвин"),
            ("Левицька", "Левицький"),
        ],
        calling_code: "380",
        mobile: &[("50", 7), ("63", 7), ("67", 7), ("93", 7), ("97", 7)],
    },
    Names {
        language: "fr",
        hers: &[
            "Camille", "Élodie", "Chloé", "Anaïs", "Hélène", "Margaux", "Sophie", "Inès",
        ],
        his: &["Thomas", "Étienne", "Louis", "François", "Noël", "Hugo"],
        family: &[
            ("Lefèvre", "Lefèvre"),
            ("Moreau", "Moreau"),
            ("Dubois", "Dubois"),
            ("Bélanger", "Bélanger"),
            ("Garçon", "Garçon"),
            ("Petit", "Petit"),
            ("Roux", "Roux"),
            ("Fontaine", "Fontaine"),
        ],
        calling_code: "33",
        mobile: &[("61", 7), ("62", 7), ("66", 7), ("78", 7)],
    },
    Names {
        language: "sv",
        hers: &["Åsa", "Märta", "Linnéa", "Ebba", "Karin", "Elsa", "Ingrid"],
        his: &["Björn", "Gösta", "Oskar", "Nils", "Åke", "Lars"],
        family: &[
            ("Lindström", "Lindström"),
            ("Sjögren", "Sjögren"),
            ("Håkansson", "Håkansson"),
            ("Ekman", "Ekman"),
            ("Öberg", "Öberg"),
            ("Nyström", "Nyström"),
        ],
        calling_code: "46",
        mobile: &[("70", 7), ("72", 7), ("73", 7), ("76", 7)],
    },
    Names {
        language: "it",
        hers: &[
            "Giulia",
            "Chiara",
            "Nicolò",
            "Francesca",
            "Alessia",
            "Beatrice",
        ],
        his: &["Lorenzo", "Matteo", "Davide", "Niccolò", "Andrea"],
        family: &[
            ("Rossi", "Rossi"),
            ("D'Angelo", "D'Angelo"),
            ("Esposito", "Esposito"),
            ("Conti", "Conti"),
            ("De Luca", "De Luca"),
            ("Galli", "Galli"),
        ],
        calling_code: "39",
        mobile: &[("320", 7), ("328", 7), ("333", 7), ("347", 7)],
    },
    Names {
        language: "en",
        hers: &["Emily", "Grace", "Charlotte", "Olivia", "Zoë", "Siobhán"],
        his: &["James", "Oliver", "Harry", "Seán", "George"],
        family: &[
            ("Smith", "Smith"),
            ("O'Brien", "O'Brien"),
            ("Taylor", "Taylor"),
            ("Brontë", "Brontë"),
            ("Walker", "Walker"),
            ("Wright", "Wright"),
        ],
        calling_code: "44",
        mobile: &[("7400", 6), ("7801", 6), ("7912", 6)],
    },
];

/// How often each language turns up where `home` is spoken: four out of five are from there.
pub(super) fn somebody(rng: &mut impl Rng, home: &str) -> Person {
    let at_home = rng.random_bool(0.8);
    let names = LANGUAGES
        .iter()
        .find(|n| at_home && n.language == home)
        .unwrap_or_else(|| pick(rng, &LANGUAGES));
    let she = rng.random_bool(0.7);
    let given = pick(rng, if she { names.hers } else { names.his });
    let (hers, his) = pick(rng, names.family);
    let family = if she { hers } else { his };
    let name = format!("{given} {family}");
    let phone = {
        let (beginning, digits) = pick(rng, names.mobile);
        let rest: String = (0..*digits)
            .map(|_| char::from(b'0' + rng.random_range(0..10_u8)))
            .collect();
        format!("+{}{beginning}{rest}", names.calling_code)
    };
    let email = rng.random_bool(0.6).then(|| {
        let number: u16 = rng.random_range(1..1_000);
        format!("{}{number}@example.org", plain(&name))
    });
    Person {
        name,
        phone,
        email,
        language: names.language,
    }
}

fn pick<'a, T>(rng: &mut impl Rng, from: &'a [T]) -> &'a T {
    from.choose(rng).expect("a list of at least one")
}

/// A name as it stands in an e-mail address: lower-case ASCII letters and dots.
fn plain(name: &str) -> String {
    const CYRILLIC: &[(char, &str)] = &[
        ('а', "a"),
        ('б', "b"),
        ('в', "v"),
        ('г', "h"),
        ('д', "d"),
        ('е', "e"),
        ('є', "ie"),
        ('ж', "zh"),
        ('з', "z"),
        ('и', "y"),
        ('і', "i"),
        ('ї', "i"),
        ('й', "i"),
        ('к', "k"),
        ('л', "l"),
        ('м', "m"),
        ('н', "n"),
        ('о', "o"),
        ('п', "p"),
        ('р', "r"),
        ('с', "s"),
        ('т', "t"),
        ('у', "u"),
        ('ф', "f"),
        ('х', "kh"),
        ('ц', "ts"),
        ('ч', "ch"),
        ('ш', "sh"),
        ('щ', "shch"),
        ('ь', ""),
        ('ю', "iu"),
        ('я', "ia"),
        ('ł', "l"),
    ];
    use unicode_normalization::UnicodeNormalization;
    let mut address = String::new();
    for c in name.to_lowercase().nfc() {
        match CYRILLIC.iter().find(|(letter, _)| *letter == c) {
            Some((_, latin)) => address.push_str(latin),
            None if c == ' ' => address.push('.'),
            None => address.extend(c.nfd().filter(char::is_ascii_alphanumeric)),
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use domain::contact::{Email, Phone};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn everybody_can_be_called_and_written_to() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut languages = std::collections::BTreeSet::new();
        for _ in 0..2_000 {
            let person = somebody(&mut rng, "pl");
            languages.insert(person.language);
            assert!(Phone::parse(&person.phone, None).is_ok(), "{person:?}");
            if let Some(email) = &person.email {
                assert!(Email::parse(email).is_ok(), "{person:?}");
            }
        }
        assert_eq!(languages.len(), 6);
    }

    #[test]
    fn names_become_plain_in_addresses() {
        assert_eq!(plain("Łucja Żak"), "lucja.zak");
        assert_eq!(plain("Соломія Ткачук"), "solomiia.tkachuk");
        assert_eq!(plain("Siobhán O'Brien"), "siobhan.obrien");
    }
}
