-- Users below the owner: invited before they have a password, in several sessions that they can see and end, with a
-- second factor if they want one. What they may do stands in their stream (`access`), not here: here are secrets.

alter table sign_in
    alter column password_hash drop not null,     -- null: invited, and not come yet
    alter column role          drop not null,     -- no longer read; the stream tells
    add column totp         json,                 -- the secret of the second factor, sealed under the user's key
    add column totp_wanted  json,                 -- one that was begun and not yet confirmed
    add column totp_step    bigint;               -- the last step that a code was taken for: none is good twice

-- Codes for who has lost the second factor; each is good once.
create table recovery_code (
    business_id uuid  not null,
    user_id     uuid  not null,
    code_hash   bytea not null, -- SHA-256 of 80 random bits and the user's id
    primary key (business_id, user_id, code_hash)
);

-- Links that let somebody choose a password, once: invitations and resets. One link for a new password is good in every
-- business of the address that it was sent to, a row for each.
create table one_time_link (
    business_id uuid        not null,
    user_id     uuid        not null,
    kind        text        not null check (kind in ('invitation', 'reset')),
    token_hash  bytea       not null, -- SHA-256: the token is 256 random bits
    made_at     timestamptz not null,
    expires_at  timestamptz not null,
    primary key (business_id, user_id, kind) -- a newer one takes the older one's place
);
create index one_time_link_token   on one_time_link (token_hash);
create index one_time_link_expires on one_time_link (expires_at);

alter table session
    add column session_id uuid not null default gen_random_uuid(),
    add column agent      text,                    -- what the browser calls itself
    add column used_at    timestamptz;             -- to the minute
create index session_of_user on session (business_id, user_id);

alter table api_key
    add column scopes    text[],                   -- null: all that the role may
    add column issued_by uuid;                     -- the user whose rights bound the key's; null: nobody's

-- How often somebody tried to sign in (the generic cell rate algorithm: one instant for each sender). In the database, so
-- that several processes count together; keyed hashes, so that it tells nobody who tried.
create table sign_in_try (
    who     bytea       not null primary key,
    free_at timestamptz not null
);
create index sign_in_try_free on sign_in_try (free_at);

-- From where a user signed in before: strangers' tries do not lock that door.
create table sign_in_place (
    who     bytea       not null primary key,
    seen_at timestamptz not null
);
create index sign_in_place_seen on sign_in_place (seen_at);

grant select, insert, update, delete on recovery_code, one_time_link, sign_in_try, sign_in_place to daybook_service;
