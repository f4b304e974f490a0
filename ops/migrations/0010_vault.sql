-- Which master key this database's personal data lies under. A service that starts with another
-- one must be told so, before it reads everybody as damaged and seals new data under a key that
-- its neighbours do not have. The one table that belongs to no business: there is one master key.
create table vault_master (
    id          smallint    primary key default 1 check (id = 1),
    fingerprint bytea       not null check (octet_length(fingerprint) = 32),
    first_at    timestamptz not null default now()
);

grant select, insert on vault_master to daybook_service;
