//! Clients who do not exist, and what is written about them and their bookings, in six languages.

use domain::{
    client::{Card, Client},
    contact::{Birthday, Email, Language, Phone},
    id::Id,
    sealed::Sealed,
    text::{FreeText, Origin, PersonName},
};
use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};

/// A language, given names, and what family names are put together from.
type Names = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

const NAMES: [Names; 6] = [
    (
        "pl",
        &[
            "Agnieszka",
            "Małgorzata",
            "Łucja",
            "Zofia",
            "Żaneta",
            "Hanna",
            "Piotr",
            "Krzysztof",
            "Łukasz",
            "Wojciech",
        ],
        &[
            "Kowal", "Wiśniew", "Dąbrow", "Zieliń", "Jabłoń", "Grabow", "Szymań", "Malinow",
            "Sosnow", "Wierzbow",
        ],
        &["ska", "ski", "czyk", "icz"],
    ),
    (
        "uk",
        &[
            "Олена",
            "Наталія",
            "Ірина",
            "Соломія",
            "Ганна",
            "Тарас",
            "Богдан",
            "Андрій",
        ],
        &[
            "Шевч",
            "Ковал",
            "Бондар",
            "Ткач",
            "Мельнич",
            "Кравч",
            "Литвин",
            "Левиц",
        ],
        &["енко", "ук", "ів", "ишин"],
    ),
    (
        "en",
        &[
            "Ada",
            "Grace",
            "Emily",
            "Charlotte",
            "Oliver",
            "Henry",
            "George",
            "Maximilian",
        ],
        &[
            "Love", "Black", "Ash", "Wood", "Hart", "Stan", "Mill", "Green",
        ],
        &["lace", "well", "ford", "ton", "field"],
    ),
    (
        "fr",
        &[
            "Élodie",
            "Chloé",
            "Anaïs",
            "Hélène",
            "Inès",
            "Étienne",
            "François",
            "Noël",
        ],
        &[
            "Lefèv", "Mor", "Dub", "Béla", "Garç", "Rous", "Font", "Châte",
        ],
        &["re", "eau", "ois", "nger", "aine"],
    ),
    (
        "sv",
        &[
            "Åsa", "Märta", "Ebba", "Linnéa", "Björn", "Sören", "Göran", "Nils",
        ],
        &["Berg", "Lind", "Sjö", "Ek", "Ström", "Näs", "Grön", "Hög"],
        &["ström", "qvist", "berg", "lund", "mark"],
    ),
    (
        "it",
        &[
            "Giulia", "Chiara", "Noemi", "Lucia", "Niccolò", "Matteo", "Andrea", "Davide",
        ],
        &[
            "Ross", "Bianch", "Ferr", "Esposit", "Roman", "Colomb", "Ricc", "Marin",
        ],
        &["i", "ini", "etti", "oni", "aro"],
    ),
];

const REMARKS: &[&str] = &[
    "Prosi o telefon dzień wcześniej",
    "Farba ta sama co ostatnio",
    "Alergia na amoniak",
    "Просить передзвонити ввечері",
    "Фарба та сама, що й минулого разу",
    "Allergic to peanuts",
    "Comes with her little brother",
    "Wants to sit by the window",
    "Préfère le silence",
    "Arrivera dix minutes en retard",
    "Vill sitta vid fönstret",
    "Parkerar på gården",
    "Preferisce la mattina",
    "Porta anche la figlia",
];
const DETAILS: &[&str] = &[
    "jak w zeszłym miesiącu",
    "bez suszenia",
    "pamiętać o zniżce",
    "без сушіння",
    "нагадати про знижку",
    "no blow-dry",
    "remember the voucher",
    "as in the photo",
    "comme sur la photo",
    "sans brushing",
    "som på bilden",
    "utan föning",
    "come nella foto",
    "senza piega",
];
pub(super) const WHY_CANCELLED: &[&str] = &[
    "Choroba",
    "Інші плани",
    "Ill",
    "Work",
    "Imprévu",
    "Sjuk",
    "Impegno di lavoro",
    "Changed her mind",
];
pub(super) const THANKS: &[&str] = &[
    "Super!",
    "Дуже дякую",
    "Very happy",
    "Merci, parfait",
    "Jättebra",
    "Bravissimi",
    "Będę wracać",
];
/// Where clients say that they heard of the house.
const HEARD_OF: &[&str] = &["instagram", "google", "friend", "walk-in"];

/// Somebody. `number` tells them apart.
pub(super) fn card(id: Id<Client>, number: u64, rng: &mut StdRng) -> anyhow::Result<Card> {
    let (language, given, roots, endings) = pick(&NAMES, rng);
    let family = |rng: &mut StdRng| format!("{}{}", pick(roots, rng), pick(endings, rng));
    let mut name = format!("{} {}", pick(given, rng), family(rng));
    if rng.random_bool(0.25) {
        name = format!("{name}-{}", family(rng));
    }
    let prefix = pick(&["50", "60", "66", "69", "78", "88"], rng);
    // One by one and yet far apart: a step that shares no factor with their count.
    let digits = number.wrapping_mul(7_654_321) % 10_000_000;
    let email = rng
        .random_bool(0.6)
        .then(|| Email::parse(&format!("client.{number}@example.com")))
        .transpose()?;
    let birthday = rng
        .random_bool(0.3)
        .then(|| {
            let (year, month) = (rng.random_range(1950..2008), rng.random_range(1..=12));
            Birthday::parse(&format!(
                "{year}-{month:02}-{:02}",
                rng.random_range(1..=28)
            ))
        })
        .transpose()?;
    let warning = rng
        .random_bool(0.02)
        .then(|| FreeText::parse(&remark(rng)))
        .transpose()?;
    Ok(Card {
        name: Sealed::open(id, PersonName::parse(&name)?),
        phone: Some(Sealed::open(
            id,
            Phone::parse(&format!("+48{prefix}{digits:07}"), None)?,
        )),
        phones: None,
        email: email.map(|email| Sealed::open(id, email)),
        telegram: None,
        birthday: birthday.map(|birthday| Sealed::open(id, birthday)),
        language: Some(Language::parse(language)?),
        source: Some(Origin::parse(pick(HEARD_OF, rng))?),
        fiscal_code: None,
        warning: warning.map(|warning| Sealed::open(id, warning)),
    })
}

/// What somebody may write: two phrases that many share, and the shade of a colour, which few do.
pub(super) fn remark(rng: &mut StdRng) -> String {
    let (what, how) = (pick(REMARKS, rng), pick(DETAILS, rng));
    if rng.random_bool(0.3) {
        let shade = rng.random_range(100..9_999);
        return format!("{what}, {how}; {}.{:02}", shade / 100, shade % 100);
    }
    format!("{what}, {how}")
}

pub(super) fn pick<T: Copy>(from: &[T], rng: &mut StdRng) -> T {
    *from.choose(rng).expect("a list of our own is not empty")
}
