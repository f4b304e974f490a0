//! Many rows at a time: by COPY into a table of this connection's own, and from there by the same statement; or into the
//! statement's own table, where it does nothing but insert them.
//!
//! PostgreSQL spends more on taking JSON apart than on everything else that it does with a row. Only a rebuild has batches
//! so large that laying such a table pays.

use std::{
    fmt::{self, Write as _},
    hash::{DefaultHasher, Hasher as _},
};

use futures::future::BoxFuture;
use serde::{
    Deserializer, Serialize,
    de::{DeserializeSeed, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use sqlx::PgConnection;

use crate::ApplyError;

/// Bytes that a row takes, about.
const A_ROW: usize = 512;

/// A statement whose rows come from a table instead of JSON.
#[derive(Debug, PartialEq)]
pub(super) struct Staged<'a> {
    /// Of the statement, before and after where its rows come from.
    around: (&'a str, &'a str),
    /// `booking_id uuid, …`, as the statement says.
    shape: &'a str,
    columns: Vec<Column<'a>>,
    /// `change (business_id, …)`, if all that the statement does is to insert the columns as they are.
    straight_into: Option<&'a str>,
}

#[derive(Debug, PartialEq)]
struct Column<'a> {
    name: &'a str,
    kind: Kind,
}

#[derive(Debug, PartialEq)]
enum Kind {
    Json,
    Array,
    /// What stands in JSON as a string, a number or a boolean.
    Plain,
}

impl<'a> Staged<'a> {
    /// None for a statement that does not take its rows as all others do.
    pub(super) fn of(statement: &'a str) -> Option<Self> {
        let (before, rest) = statement.split_once("json_to_recordset($1::json)")?;
        let rest = rest.trim_start().strip_prefix("as r")?.trim_start();
        let rest = rest.strip_prefix('(')?;
        let mut depth = 1_usize;
        let end = rest.find(|letter| {
            match letter {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            depth == 0
        })?;
        let (shape, after) = rest.split_at(end);
        let after = after.strip_prefix(')')?;
        let columns = columns(shape)?;
        Some(Self {
            around: (before, after),
            shape,
            straight_into: straight_into(before, after, &columns),
            columns,
        })
    }

    /// Stores rows, as [`text`](Self::text) made them.
    pub(super) fn store<'c>(
        &'c self,
        db: &'c mut PgConnection,
        text: String,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Box::pin(async move {
            if let Some(table) = self.straight_into {
                return copy(db, table, text).await;
            }
            let mut hasher = DefaultHasher::new();
            hasher.write(self.shape.as_bytes());
            let table = format!("staged_{:x}", hasher.finish());
            let is_there: bool =
                sqlx::query_scalar("select to_regclass('pg_temp.' || $1) is not null")
                    .bind(&table)
                    .fetch_one(&mut *db)
                    .await?;
            if !is_there {
                let shape = self.shape;
                let make =
                    format!("create temporary table {table} ({shape}) on commit delete rows");
                execute(db, &make).await?;
            }
            copy(db, &format!("pg_temp.{table}"), text).await?;
            let (before, after) = self.around;
            execute(db, &format!("{before} pg_temp.{table} as r {after}")).await?;
            // The next batch of the same transaction is not to find them.
            execute(db, &format!("truncate pg_temp.{table}")).await
        })
    }

    /// The rows as COPY takes text.
    pub(super) fn text<R: Serialize>(&self, rows: &[R]) -> Result<String, ApplyError> {
        let misfit = |error: serde_json::Error| ApplyError::Misfit(error.to_string());
        let (mut text, mut json) = (String::with_capacity(rows.len() * A_ROW), vec![]);
        for row in rows {
            json.clear();
            serde_json::to_writer(&mut json, row).map_err(misfit)?;
            let mut row = serde_json::Deserializer::from_slice(&json);
            let fields = Fields(&self.columns)
                .deserialize(&mut row)
                .map_err(misfit)?;
            for (place, (column, value)) in self.columns.iter().zip(fields).enumerate() {
                if place > 0 {
                    text.push('\t');
                }
                let value = value.map_or("null", RawValue::get);
                column.kind.put(value, &mut text).map_err(misfit)?;
            }
            text.push('\n');
        }
        Ok(text)
    }
}

/// Reads the columns' values off a row, each in the place of its column.
struct Fields<'s>(&'s [Column<'s>]);

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, row: D) -> Result<Self::Value, D::Error> {
        row.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut row: M) -> Result<Self::Value, M::Error> {
        let mut values = vec![None; self.0.len()];
        let mut expected = 0;
        while let Some(name) = row.next_key::<&str>()? {
            let value = row.next_value::<&RawValue>()?;
            // Mostly they come in the order of the columns.
            let place = (expected..self.0.len())
                .chain(0..expected)
                .find(|place| self.0[*place].name == name);
            if let Some(place) = place {
                values[place] = Some(value);
                expected = place + 1;
            }
        }
        Ok(values)
    }
}

async fn execute(db: &mut PgConnection, statement: &str) -> Result<(), sqlx::Error> {
    sqlx::query(statement).persistent(false).execute(db).await?;
    Ok(())
}

async fn copy(db: &mut PgConnection, into: &str, text: String) -> Result<(), sqlx::Error> {
    let mut copy = db.copy_in_raw(&format!("copy {into} from stdin")).await?;
    copy.send(text.into_bytes()).await?;
    copy.finish().await?;
    Ok(())
}

/// Where the statement inserts the columns of its rows, one by one as they stand, and does nothing else.
fn straight_into<'a>(before: &'a str, after: &str, columns: &[Column<'_>]) -> Option<&'a str> {
    let statement = before.trim_start().strip_prefix("insert into ")?;
    let (into, chosen) = statement.split_at(statement.find(')')? + 1);
    let (_, named) = into.strip_suffix(')')?.split_once('(')?;
    let chosen = chosen
        .trim()
        .strip_prefix("select ")?
        .strip_suffix("from")?;
    let as_they_stand = |list: &str| {
        let names = list.split(',').map(str::trim);
        names.eq(columns.iter().map(|column| column.name))
    };
    let is_all = after.trim().is_empty() && as_they_stand(named) && as_they_stand(chosen);
    is_all.then_some(into)
}

fn columns(shape: &str) -> Option<Vec<Column<'_>>> {
    let mut depth = 0_i32;
    let parts = shape.split(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        letter == ',' && depth == 0
    });
    parts
        .map(|part| {
            let mut words = part.split_whitespace();
            let (name, kind) = (words.next()?, words.next()?);
            Some(Column {
                name,
                kind: match kind {
                    "json" | "jsonb" => Kind::Json,
                    _ if kind.ends_with("[]") => Kind::Array,
                    _ => Kind::Plain,
                },
            })
        })
        .collect()
}

impl Kind {
    /// Puts a JSON value down as COPY reads this column.
    fn put(&self, value: &str, text: &mut String) -> Result<(), serde_json::Error> {
        if value == "null" {
            text.push_str("\\N");
            return Ok(());
        }
        match self {
            Self::Plain if value.starts_with('"') => match value.get(1..value.len() - 1) {
                // Nothing in it stands for anything else.
                Some(plain) if !plain.contains('\\') => text.push_str(plain),
                _ => escape(&serde_json::from_str::<String>(value)?, text),
            },
            Self::Array => {
                let parts: Vec<Option<Scalar>> = serde_json::from_str(value)?;
                escape(&array(&parts), text);
            }
            Self::Plain | Self::Json => escape(value, text),
        }
        Ok(())
    }
}

/// What an array may hold.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(serde_json::Number),
    Truth(bool),
}

fn array(parts: &[Option<Scalar>]) -> String {
    let mut array = String::from("{");
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            array.push(',');
        }
        // Writing to a String cannot fail.
        let _ = match part {
            None => write!(array, "null"),
            Some(Scalar::Text(text)) => {
                write!(
                    array,
                    "\"{}\"",
                    text.replace('\\', "\\\\").replace('"', "\\\"")
                )
            }
            Some(Scalar::Number(number)) => write!(array, "{number}"),
            Some(Scalar::Truth(truth)) => write!(array, "{truth}"),
        };
    }
    array.push('}');
    array
}

fn escape(value: &str, text: &mut String) {
    let mut rest = value;
    while let Some(at) = rest.find(['\\', '\n', '\r', '\t']) {
        let (plain, special) = rest.split_at(at);
        text.push_str(plain);
        text.push('\\');
        text.push(match special.as_bytes()[0] {
            b'\n' => 'n',
            b'\r' => 'r',
            b'\t' => 't',
            _ => '\\',
        });
        rest = &special[1..];
    }
    text.push_str(rest);
}

#[cfg(test)]
mod specs {
    use serde_json::{Value, json};

    use super::*;
    use crate::premises::Premises;

    const STATEMENT: &str = "insert into kept (id, at, amount, words, state, tags, numbers, flag)
         select id, at, amount, upper(words), state, tags, numbers, flag
           from json_to_recordset($1::json)
             as r (id uuid, at timestamptz, amount numeric(19, 4), words text, state jsonb, tags text[],
                   numbers bigint[], flag boolean)
             on conflict (id) do update set words = excluded.words";

    #[test]
    fn a_statement_tells_its_columns() {
        let staged = Staged::of(STATEMENT).unwrap();
        let names: Vec<_> = staged.columns.iter().map(|column| column.name).collect();
        assert_eq!(
            names,
            [
                "id", "at", "amount", "words", "state", "tags", "numbers", "flag"
            ]
        );
        assert_eq!(staged.columns[4].kind, Kind::Json);
        assert_eq!(staged.columns[5].kind, Kind::Array);
        assert!(staged.around.1.trim_start().starts_with("on conflict"));
        assert_eq!(
            Staged::of("insert into kept select * from unnest($1)"),
            None
        );
    }

    const PLAIN: &str = "insert into kept (id, at, amount, words, state, tags, numbers, flag)
         select id, at, amount, words, state, tags, numbers, flag
           from json_to_recordset($1::json)
             as r (id uuid, at timestamptz, amount numeric(19, 4), words text, state jsonb, tags text[],
                   numbers bigint[], flag boolean)";

    #[test]
    fn only_what_inserts_columns_as_they_stand_goes_straight_into_the_table() {
        let columns = "kept (id, at, amount, words, state, tags, numbers, flag)";
        assert_eq!(Staged::of(PLAIN).unwrap().straight_into, Some(columns));
        let others = [
            STATEMENT.to_owned(),
            format!("{PLAIN} on conflict do nothing"),
            PLAIN.replace("select id, at,", "select id, at + interval '1 day',"),
            PLAIN.replace("select id, at, amount", "select id, at, null"),
            PLAIN.replace("(id, at, amount, words,", "(id, at, words, amount,"),
            PLAIN.replace("insert into", "with w as (select 1) insert into"),
        ];
        for other in &others {
            assert_eq!(Staged::of(other).unwrap().straight_into, None, "{other}");
        }
    }

    #[tokio::test]
    async fn rows_come_out_as_they_do_from_json() {
        for statement in [STATEMENT, PLAIN] {
            come_out_as_they_do_from_json(statement).await;
        }
    }

    async fn come_out_as_they_do_from_json(statement: &'static str) {
        let premises = Premises::new().await;
        premises
            .tamper(
                "create table kept (id uuid primary key, at timestamptz, amount numeric(19, 4), words text,
                                    state jsonb, tags text[], numbers bigint[], flag boolean)",
            )
            .await;
        let rows: Vec<Value> = (1_u128..=6)
            .map(|number| {
                json!({
                    "id": uuid::Uuid::from_u128(number),
                    "at": "2026-11-23T08:00:00.123456Z",
                    "amount": if number == 2 { Value::Null } else { json!("-12.50") },
                    "words": "tab\there \\ back\\nslash\nand a line, \"quoted\" Łęcka",
                    "state": {"a\\b": ["x\ny", null, {"c": "\"\u{1f600}"}], "n": 1.5},
                    "tags": ["plain", "with, comma", "with \"quotes\" and \\", "", "{}", "null"],
                    "numbers": [1, null, -3],
                    "flag": number % 2 == 0,
                    "more": "than asked for",
                })
            })
            .chain([json!({"id": uuid::Uuid::from_u128(7), "state": "text", "words": ""})])
            .collect();
        let kept = "select coalesce(jsonb_agg(k order by id), '[]')::text from kept k";
        let mut db = premises.owner.acquire().await.unwrap();
        super::super::store(&mut db, statement, &rows)
            .await
            .unwrap();
        let by_json: String = sqlx::query_scalar(kept).fetch_one(&mut *db).await.unwrap();
        sqlx::raw_sql("truncate kept")
            .execute(&mut *db)
            .await
            .unwrap();

        let staged = Staged::of(statement).unwrap();
        let mut transaction = sqlx::Connection::begin(&mut *db).await.unwrap();
        // Only who takes care of conflicts may be told of a row twice.
        let again = if staged.straight_into.is_some() { 3 } else { 2 };
        for rows in [&rows[..3], &rows[again..]] {
            let text = staged.text(rows).unwrap();
            staged.store(&mut transaction, text).await.unwrap();
        }
        transaction.commit().await.unwrap();
        let by_copy: String = sqlx::query_scalar(kept).fetch_one(&mut *db).await.unwrap();
        assert_eq!(by_copy, by_json);
    }
}
