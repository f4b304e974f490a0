//! The words by which people ask for a status, in each language that Daybook speaks.

use std::sync::LazyLock;

use domain::booking::Status;

use crate::folding::fold;

/// English, Polish, French, Ukrainian, Swedish, Italian; several words where that is how it is said.
const WORDS: [(Status, [&str; 6]); 5] = [
    (
        Status::Requested,
        [
            "requested, request, pending, unconfirmed, not confirmed",
            "oczekująca, oczekujący, oczekuje, niepotwierdzona, niepotwierdzony, do potwierdzenia",
            "demandé, demandée, en attente, non confirmé, non confirmée",
            "очікує, запит, непідтверджено, непідтверджений, не підтверджено",
            "begärd, förfrågan, väntande, obekräftad, ej bekräftad",
            "richiesta, richiesto, in attesa, non confermata, non confermato",
        ],
    ),
    (
        Status::Confirmed,
        [
            "confirmed",
            "potwierdzona, potwierdzony, potwierdzone",
            "confirmé, confirmée, confirmés, confirmées",
            "підтверджено, підтверджений, підтверджена",
            "bekräftad, bekräftat, bekräftade",
            "confermata, confermato, confermate",
        ],
    ),
    (
        Status::Completed,
        [
            "completed, complete, done, finished",
            "zakończona, zakończony, zakończone, zrealizowana, zrealizowane, wykonana",
            "terminé, terminée, terminés, terminées, effectué, effectuée",
            "завершено, завершений, завершена, виконано",
            "slutförd, genomförd, avslutad, klar",
            "completata, completato, completate, conclusa, concluso, effettuata",
        ],
    ),
    (
        Status::NoShow,
        [
            "no_show, no-show, no show, noshow, missed, did not come",
            "nieobecność, nieobecny, nieobecna, niestawienie, nie przyszedł, nie przyszła",
            "absent, absente, absence, non venu, non venue, pas venu, pas venue, non présenté, non présentée",
            "неявка, не прийшов, не прийшла, не з'явився, не з'явилася",
            "uteblev, utebliven, kom inte",
            "assente, assenza, non presentato, non presentata, mancata presentazione",
        ],
    ),
    (
        Status::Cancelled,
        [
            "cancelled, canceled, cancellation",
            "anulowana, anulowany, anulowane, odwołana, odwołany, odwołane",
            "annulé, annulée, annulés, annulées",
            "скасовано, скасований, скасована, відмінено",
            "avbokad, avbokat, avbokade, inställd, avbruten",
            "annullata, annullato, annullate, cancellata, cancellato, disdetta",
        ],
    ),
];

/// The most words that a status takes.
pub(super) const LONGEST: usize = 3;

/// From this many letters on, the beginning of a word will do; not that of several.
const SHORTEST_BEGINNING: usize = 4;

static FOLDED: LazyLock<Vec<(Status, String)>> = LazyLock::new(|| {
    let of = |(status, words): (Status, [&str; 6])| {
        let all = words.join(", ");
        let folded = all.split(", ").map(|word| (status, fold(word)));
        folded.collect::<Vec<_>>()
    };
    WORDS.into_iter().flat_map(of).collect()
});

/// The statuses that a folded word, or several, may mean; none for nearly all words.
pub(super) fn meant(asked: &str) -> Vec<Status> {
    let beginning = asked.chars().count() >= SHORTEST_BEGINNING && !asked.contains(' ');
    let fits = |word: &str| word == asked || (beginning && word.starts_with(asked));
    let mut meant: Vec<Status> = vec![];
    for (status, word) in FOLDED.iter() {
        if fits(word) && !meant.contains(status) {
            meant.push(*status);
        }
    }
    meant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_word_in_every_language() {
        for (word, status) in [
            ("Cancelled", Status::Cancelled),
            ("odwołana", Status::Cancelled),
            ("ANNULEE", Status::Cancelled),
            ("скасовано", Status::Cancelled),
            ("avbokad", Status::Cancelled),
            ("disdetta", Status::Cancelled),
            ("nie przyszła", Status::NoShow),
            ("no_show", Status::NoShow),
            ("неявка", Status::NoShow),
            ("obekraftad", Status::Requested),
            ("terminee", Status::Completed),
            ("confermato", Status::Confirmed),
        ] {
            assert_eq!(meant(&fold(word)), [status], "{word}");
        }
    }

    #[test]
    fn a_beginning_may_mean_several_and_a_name_means_none() {
        assert_eq!(meant("anul"), [Status::Cancelled]);
        assert_eq!(meant("comple"), [Status::Completed]);
        for word in ["anna", "no", "can", "unconfirmedly", ""] {
            assert_eq!(meant(word), [], "{word}");
        }
    }

    #[test]
    fn none_is_longer_than_is_looked_for() {
        let longest = FOLDED.iter().map(|(_, w)| w.split(' ').count()).max();
        assert_eq!(longest, Some(LONGEST));
    }
}
