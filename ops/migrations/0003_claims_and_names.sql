-- What is taken: time on resources, and names. Both are claimed in the append's transaction, and the
-- constraints here are the last word.

-- A small number for each resource keeps the index of claims lean.
create table claimed_resource (
    business_id uuid    not null,
    resource_id uuid    not null,
    number      integer not null,
    primary key (business_id, resource_id),
    constraint claimed_resource_number unique (business_id, number)
);

create table claim (
    business_id uuid      not null,
    owner_id    uuid      not null, -- whose claim it is: a set of claims is replaced whole, by owner
    ordinal     smallint  not null, -- its place in the owner's set
    resource    integer   not null,
    seat        smallint  not null, -- 0 .. capacity − 1; above: imported history that did overlap
    during      tstzrange not null, -- the time held
    body        tstzrange not null, -- what guards look at, from the owner's first instant here to the last
    hold_until  timestamptz,        -- not null: a hold; once past, whoever wants the time deletes it
    primary key (business_id, owner_id, ordinal),
    constraint claim_seat_free exclude using gist
        (business_id with =, resource with =, seat with =, during with &&),
    check (not isempty(during))
);

create table claimed_name (
    business_id uuid not null,
    kind        text collate "C" not null,
    name        text collate "C" not null,
    owner_id    uuid not null,
    constraint claimed_name_free primary key (business_id, kind, name)
);

grant select, insert                 on claimed_resource to daybook_service;
grant select, insert, update, delete on claim            to daybook_service;
grant select, insert, delete         on claimed_name     to daybook_service;
