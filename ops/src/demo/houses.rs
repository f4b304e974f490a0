//! The three kinds of demo business: what they do, who works there, when they are open, how their clients behave.

/// Which kind of business to make up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// A hair salon in Warsaw: six stylists, colour that takes its time, walk-ins.
    Salon,
    /// A yoga and pilates studio in Stockholm: private lessons in two rooms, and classes.
    Studio,
    /// A dental clinic in Milan: short visits, many of them, treatment rooms.
    Clinic,
}

/// A business to make up.
pub(super) struct House {
    pub(super) name: &'static str,
    pub(super) slug: &'static str,
    pub(super) time_zone: &'static str,
    pub(super) currency: &'static str,
    pub(super) country: &'static str,
    /// The language that four out of five clients speak.
    pub(super) language: &'static str,
    pub(super) services: &'static [Done],
    pub(super) staff: &'static [Works],
    pub(super) desks: &'static [Stands],
    pub(super) classes: &'static [Held],
    /// Bookings asked for on a usual day, staff member by staff member, on average.
    pub(super) wishes_a_day: f64,
    /// One in so many clients is new.
    pub(super) new_client: f64,
    pub(super) no_show: f64,
    pub(super) cancels: f64,
    pub(super) moves: f64,
    pub(super) walk_in: f64,
    /// Two services in one visit.
    pub(super) visit: f64,
}

/// A service.
pub(super) struct Done {
    pub(super) name: &'static str,
    pub(super) minutes: u32,
    pub(super) price: &'static str,
    pub(super) buffer_after: u32,
    /// After how many minutes the client waits, and for how many.
    pub(super) processing: Option<(u32, u32)>,
    pub(super) color: &'static str,
    /// How often it is asked for, against the others; 0: it is only done in classes.
    pub(super) weight: u32,
    /// Asked for together with the service of this index.
    pub(super) then: Option<usize>,
}

/// A staff member.
pub(super) struct Works {
    pub(super) name: &'static str,
    /// Indexes of what they do.
    pub(super) does: &'static [usize],
    pub(super) every: u32,
    /// Weekdays (0 is Monday) and hours.
    pub(super) hours: &'static [(u8, &'static str, &'static str)],
    /// How much quicker or slower than the price list, in percent.
    pub(super) pace: u32,
}

/// A class.
pub(super) struct Held {
    /// Indexes of what is done, by whom, and where.
    pub(super) service: usize,
    pub(super) staff: usize,
    pub(super) desk: usize,
    /// When, by RFC 5545, from which time of the day on.
    pub(super) rrule: &'static str,
    pub(super) from: &'static str,
    pub(super) capacity: u16,
    /// Seats that are wished for, on average.
    pub(super) wishes: f64,
}

/// A desk.
pub(super) struct Stands {
    pub(super) name: &'static str,
    pub(super) capacity: u16,
    /// Indexes of what is done at it.
    pub(super) serves: &'static [usize],
}

const fn done(
    name: &'static str,
    minutes: u32,
    price: &'static str,
    color: &'static str,
    weight: u32,
) -> Done {
    Done {
        name,
        minutes,
        price,
        buffer_after: 0,
        processing: None,
        color,
        weight,
        then: None,
    }
}

const EARLY: &[(u8, &str, &str)] = &[
    (0, "09:00", "17:00"),
    (1, "09:00", "17:00"),
    (2, "09:00", "17:00"),
    (3, "09:00", "17:00"),
    (4, "09:00", "17:00"),
];
const LATE: &[(u8, &str, &str)] = &[
    (1, "12:00", "20:00"),
    (2, "12:00", "20:00"),
    (3, "12:00", "20:00"),
    (4, "12:00", "20:00"),
    (5, "09:00", "16:00"),
];
const SPLIT: &[(u8, &str, &str)] = &[
    (0, "09:00", "13:00"),
    (0, "14:00", "18:00"),
    (2, "09:00", "13:00"),
    (2, "14:00", "18:00"),
    (4, "09:00", "13:00"),
    (4, "14:00", "19:00"),
    (5, "09:00", "15:00"),
];

impl Kind {
    pub(super) const fn house(self) -> &'static House {
        match self {
            Self::Salon => &SALON,
            Self::Studio => &STUDIO,
            Self::Clinic => &CLINIC,
        }
    }
}

static SALON: House = House {
    name: "Salon Łąka",
    slug: "salon-laka",
    time_zone: "Europe/Warsaw",
    currency: "PLN",
    country: "PL",
    language: "pl",
    services: &[
        Done {
            then: Some(3),
            ..done("Strzyżenie damskie", 60, "140.00", "#7a9e7e", 40)
        },
        done("Strzyżenie męskie", 30, "80.00", "#4f6d7a", 30),
        Done {
            processing: Some((45, 40)),
            buffer_after: 5,
            then: Some(3),
            ..done("Koloryzacja", 120, "320.00", "#b5651d", 14)
        },
        done("Modelowanie", 40, "90.00", "#c08497", 18),
        Done {
            processing: Some((60, 45)),
            buffer_after: 10,
            then: Some(0),
            ..done("Baleyage", 180, "520.00", "#d4a373", 6)
        },
        Done {
            then: Some(3),
            ..done("Regeneracja Olaplex", 45, "180.00", "#8e9aaf", 7)
        },
        done("Upięcie okolicznościowe", 75, "220.00", "#9d8189", 3),
        done("Strzyżenie dziecięce", 30, "60.00", "#f4a261", 8),
    ],
    staff: &[
        Works {
            name: "Katarzyna Wilk",
            does: &[0, 1, 2, 3, 4, 5, 6, 7],
            every: 10,
            hours: EARLY,
            pace: 90,
        },
        Works {
            name: "Oksana Bondar",
            does: &[0, 1, 2, 3, 4, 5],
            every: 10,
            hours: LATE,
            pace: 100,
        },
        Works {
            name: "Marek Sikora",
            does: &[0, 1, 3, 7],
            every: 15,
            hours: EARLY,
            pace: 100,
        },
        Works {
            name: "Julia Maj",
            does: &[0, 2, 3, 4, 5, 6],
            every: 10,
            hours: SPLIT,
            pace: 110,
        },
        Works {
            name: "Élise Laurent",
            does: &[0, 1, 3, 6],
            every: 15,
            hours: LATE,
            pace: 100,
        },
        Works {
            name: "Tomasz Lis",
            does: &[1, 7],
            every: 30,
            hours: SPLIT,
            pace: 100,
        },
    ],
    desks: &[Stands {
        name: "Myjnia i farby",
        capacity: 2,
        serves: &[2, 4],
    }],
    classes: &[],
    wishes_a_day: 3.0,
    new_client: 0.12,
    no_show: 0.03,
    cancels: 0.09,
    moves: 0.08,
    walk_in: 0.06,
    visit: 0.15,
};

static STUDIO: House = House {
    name: "Studio Norr",
    slug: "studio-norr",
    time_zone: "Europe/Stockholm",
    currency: "SEK",
    country: "SE",
    language: "sv",
    services: &[
        done("Privatlektion yoga", 60, "750.00", "#5e8c61", 30),
        done("Pilates reformer", 50, "690.00", "#6a7fdb", 30),
        Done {
            buffer_after: 15,
            ..done("Massage", 60, "890.00", "#c06c84", 20)
        },
        done("Hållningsanalys", 45, "600.00", "#f8b195", 6),
        done("Andningsträning", 30, "400.00", "#99b898", 8),
        done("Yoga i grupp", 60, "180.00", "#2a9d8f", 0),
        done("Morgonyoga", 45, "150.00", "#e9c46a", 0),
    ],
    staff: &[
        Works {
            name: "Linnéa Ek",
            does: &[0, 4],
            every: 30,
            hours: EARLY,
            pace: 100,
        },
        Works {
            name: "Oskar Berg",
            does: &[1, 3],
            every: 30,
            hours: LATE,
            pace: 100,
        },
        Works {
            name: "Giulia Ferri",
            does: &[0, 1, 4],
            every: 30,
            hours: SPLIT,
            pace: 100,
        },
        Works {
            name: "Märta Holm",
            does: &[2],
            every: 15,
            hours: LATE,
            pace: 100,
        },
        Works {
            name: "Nils Dahl",
            does: &[2, 3],
            every: 15,
            hours: EARLY,
            pace: 100,
        },
        Works {
            name: "Sofia Marchenko",
            does: &[0, 1, 2],
            every: 30,
            hours: SPLIT,
            pace: 100,
        },
        // Teaches classes only, whose timetables are her hours.
        Works {
            name: "Ebba Lind",
            does: &[5, 6],
            every: 30,
            hours: &[],
            pace: 100,
        },
    ],
    desks: &[
        Stands {
            name: "Stora salen",
            capacity: 2,
            serves: &[0, 4],
        },
        Stands {
            name: "Reformerrummet",
            capacity: 2,
            serves: &[1, 3],
        },
        Stands {
            name: "Massagerummet",
            capacity: 1,
            serves: &[2],
        },
        Stands {
            name: "Gruppsalen",
            capacity: 1,
            serves: &[5, 6],
        },
    ],
    classes: &[
        Held {
            service: 5,
            staff: 6,
            desk: 3,
            rrule: "FREQ=WEEKLY;BYDAY=MO,WE,TH",
            from: "18:00",
            capacity: 12,
            wishes: 9.0,
        },
        Held {
            service: 6,
            staff: 6,
            desk: 3,
            rrule: "FREQ=WEEKLY;BYDAY=TU,FR",
            from: "07:00",
            capacity: 8,
            wishes: 7.5,
        },
    ],
    wishes_a_day: 2.6,
    new_client: 0.1,
    no_show: 0.05,
    cancels: 0.14,
    moves: 0.1,
    walk_in: 0.01,
    visit: 0.05,
};

static CLINIC: House = House {
    name: "Studio Dentistico Navigli",
    slug: "dentisti-navigli",
    time_zone: "Europe/Rome",
    currency: "EUR",
    country: "IT",
    language: "it",
    services: &[
        done("Prima visita", 30, "60.00", "#457b9d", 20),
        Done {
            buffer_after: 10,
            ..done("Igiene dentale", 45, "90.00", "#2a9d8f", 34)
        },
        Done {
            buffer_after: 10,
            ..done("Otturazione", 60, "130.00", "#e9c46a", 16)
        },
        Done {
            processing: Some((20, 20)),
            buffer_after: 15,
            ..done("Devitalizzazione", 90, "280.00", "#f4a261", 6)
        },
        done("Controllo", 15, "0.00", "#a8dadc", 18),
        Done {
            buffer_after: 15,
            ..done("Sbiancamento", 60, "250.00", "#e76f51", 5)
        },
    ],
    staff: &[
        Works {
            name: "Dott.ssa Chiara Greco",
            does: &[0, 2, 3, 4],
            every: 15,
            hours: EARLY,
            pace: 100,
        },
        Works {
            name: "Dott. Lorenzo Riva",
            does: &[0, 2, 3, 4],
            every: 15,
            hours: LATE,
            pace: 100,
        },
        Works {
            name: "Dott.ssa Olena Hrytsenko",
            does: &[0, 2, 4],
            every: 15,
            hours: SPLIT,
            pace: 90,
        },
        Works {
            name: "Anna Moretti",
            does: &[1, 5],
            every: 15,
            hours: EARLY,
            pace: 100,
        },
        Works {
            name: "Paolo Serra",
            does: &[1, 5],
            every: 15,
            hours: LATE,
            pace: 110,
        },
        Works {
            name: "Beatrice Longo",
            does: &[1, 4],
            every: 15,
            hours: SPLIT,
            pace: 100,
        },
    ],
    desks: &[Stands {
        name: "Poltrone",
        capacity: 4,
        serves: &[0, 1, 2, 3, 4, 5],
    }],
    classes: &[],
    wishes_a_day: 4.5,
    new_client: 0.08,
    no_show: 0.12,
    cancels: 0.08,
    moves: 0.09,
    walk_in: 0.03,
    visit: 0.04,
};
