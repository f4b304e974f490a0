-- Who may come in. Secrets are kept here and not in events, which last for ever; who was invited and which key was
-- issued or revoked, by whom and when, are facts of the stream `access`.

-- Addresses of the businesses. The one name that is unique among all of them, so that here alone no business stands
-- before it in the key.
create table business_slug (
    slug        text        collate "C" not null primary key,
    business_id uuid        not null,
    made_at     timestamptz not null
);
create unique index business_slug_of on business_slug (business_id);

-- Users. The address itself is sealed in their stream; here is only its keyed hash, to find them by.
create table sign_in (
    business_id   uuid        not null,
    user_id       uuid        not null,
    email_hash    bytea       not null,
    password_hash text        not null, -- Argon2id, with its salt and cost (PHC)
    role          text        not null,
    made_at       timestamptz not null,
    disabled_at   timestamptz,
    primary key (business_id, user_id),
    constraint sign_in_email_once unique (business_id, email_hash)
);
-- Who signs in names no business.
create index sign_in_email on sign_in (email_hash);

create table api_key (
    business_id uuid        not null,
    key_id      uuid        not null,
    key_hash    bytea       not null, -- SHA-256: the key is 256 random bits
    role        text        not null,
    staff_id    uuid,
    name        text        not null,
    made_at     timestamptz not null,
    expires_at  timestamptz,
    revoked_at  timestamptz,
    last_used_at timestamptz,        -- to the minute
    primary key (business_id, key_id)
);
create index api_key_hash on api_key (key_hash);

create table session (
    business_id uuid        not null,
    token_hash  bytea       not null, -- SHA-256
    user_id     uuid        not null,
    made_at     timestamptz not null,
    expires_at  timestamptz not null,
    primary key (business_id, token_hash)
);
create index session_token   on session (token_hash);
create index session_expires on session (expires_at);

grant select, insert, update, delete on business_slug, sign_in, api_key, session to daybook_service;
