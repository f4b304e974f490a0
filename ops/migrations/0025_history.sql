-- Read model `history`: every booking there ever was, as it stands now, found by any filter and any word.

-- Any part of a word, in an index; and the business beside it in the same one.
create extension if not exists pg_trgm;
create extension if not exists btree_gin;

-- The word forms that comments may be found by: in each language for which PostgreSQL has a dictionary, as written
-- and folded (without accents), since either may be typed. Ukrainian and Polish have none: there a part of a word finds it.
create function history_forms(written text, folded text) returns tsvector
    language sql immutable parallel safe as $$
    select strip(to_tsvector('pg_catalog.english', written) || to_tsvector('pg_catalog.english', folded)
              || to_tsvector('pg_catalog.french',  written) || to_tsvector('pg_catalog.french',  folded)
              || to_tsvector('pg_catalog.swedish', written) || to_tsvector('pg_catalog.swedish', folded)
              || to_tsvector('pg_catalog.italian', written) || to_tsvector('pg_catalog.italian', folded))
$$;

-- The same for a word that is asked for: any of its forms in any language.
create function history_form_asked(written text, folded text) returns tsquery
    language sql immutable parallel safe as $$
    select plainto_tsquery('pg_catalog.english', written) || plainto_tsquery('pg_catalog.english', folded)
        || plainto_tsquery('pg_catalog.french',  written) || plainto_tsquery('pg_catalog.french',  folded)
        || plainto_tsquery('pg_catalog.swedish', written) || plainto_tsquery('pg_catalog.swedish', folded)
        || plainto_tsquery('pg_catalog.italian', written) || plainto_tsquery('pg_catalog.italian', folded)
$$;

create table history_booking (
    business_id uuid          not null,
    booking_id  uuid          not null,
    client_id   uuid,
    staff_id    uuid,
    service_id  uuid,
    desk_id     uuid,
    visit_id    uuid,
    status      text          not null,
    deleted     boolean       not null,
    source      text          not null,
    reference   text          not null,
    starts      timestamptz   not null,
    created_at  timestamptz   not null,
    price       numeric(19,4) not null,
    paid        numeric(19,4) not null,
    state       jsonb         not null, -- domain::booking::Booking, opened
    version     bigint        not null, -- of its stream
    position    bigint        not null, -- of its last event
    words       text          not null, -- reference and comments, folded, a line each
    forms       tsvector,               -- word forms of its comments; null where there is none
    primary key (business_id, booking_id)
) with (fillfactor = 85); -- status, payments and comments change no index: let them stay on their page

create index history_booking_starts  on history_booking (business_id, starts, booking_id);
create index history_booking_created on history_booking (business_id, created_at, booking_id);
create index history_booking_client  on history_booking (business_id, client_id, starts);
create index history_booking_visit   on history_booking (business_id, visit_id) where visit_id is not null;
create index history_booking_words   on history_booking using gin (business_id, words gin_trgm_ops, forms);

-- Clients as history shows and finds them; their bookings need not change when they do.
create table history_client (
    business_id uuid  not null,
    client_id   uuid  not null,
    name        text,             -- null once erased
    contacts    jsonb not null,   -- what of their card they are found by
    words       text  not null,   -- name, phones (digits), e-mail, fiscal code, folded, a line each
    primary key (business_id, client_id)
);

create index history_client_words on history_client using gin (business_id, words gin_trgm_ops);

comment on table history_booking is 'read model history: every booking, as it stands now';
comment on table history_client  is 'read model history: clients as bookings show them and are found by';

grant select, insert, update, delete on history_booking, history_client to daybook_service;
