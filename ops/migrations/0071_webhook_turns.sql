-- When a webhook last had its turn: those go first who have waited longest, whoever they are.
alter table webhook add column served_at timestamptz not null default '-infinity';
