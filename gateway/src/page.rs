//! Lists: a page at a time, the next by a cursor that means nothing to its holder.

use axum::http::Uri;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ledger::BusinessId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::{problem::Problem, texts::Message};

/// Items on a page where nothing is asked.
const USUAL: usize = 50;
/// The most that may be asked for.
const MOST: usize = 500;

/// The parameters of a list that takes no others. (Others repeat these three: a strict query cannot be flattened.)
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items on a page: 50, at most 500.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<usize>,
    /// The cursor that the page before gave as `next`.
    pub after: Option<String>,
    /// `true`: tells the `total`.
    #[serde(default)]
    pub count: bool,
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// To be given as `after` for the next page; null on the last one.
    #[schema(required)]
    pub next: Option<String>,
    /// How many there are on all pages; only where `count=true` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// How many items are asked for.
///
/// # Errors
/// 422 outside of 1..=500.
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(USUAL),
        Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::field(
            "limit",
            Message::new("violation-out-of-range")
                .with_number("least", 1)
                .with_number("most", 500),
        )),
    }
}

/// A cursor that holds a place which is the same whatever is asked: a position of the ledger.
///
/// # Errors
/// When the place cannot be written as JSON.
pub fn cursor(place: &impl Serialize) -> Result<String, Problem> {
    let json = serde_json::to_vec(place).map_err(Problem::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// The place that such a cursor holds.
///
/// # Errors
/// 422 when it is none.
pub fn place<P: DeserializeOwned>(after: Option<&str>) -> Result<Option<P>, Problem> {
    let Some(after) = after else { return Ok(None) };
    let json = URL_SAFE_NO_PAD.decode(after).ok();
    match json.and_then(|json| serde_json::from_slice(&json).ok()) {
        Some(place) => Ok(Some(place)),
        None => Err(wrong_cursor()),
    }
}

fn wrong_cursor() -> Problem {
    Problem::field("after", Message::new("violation-cursor"))
}

/// One list of one business: what is asked for, and in which order, is part of it. Cursors are good in it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List(String);

impl List {
    /// What tells it from all others: whose it is, its address and parameters, in whatever order, but for those that
    /// say which part of it is wanted and how it is told.
    pub(crate) fn of(business: BusinessId, asked: &Uri) -> Self {
        const OF_PAGES: [&str; 4] = ["limit", "after", "count", "format"];
        let query = asked.query().unwrap_or_default();
        let pairs: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
        let mut pairs: Vec<_> = pairs
            .iter()
            .filter(|(name, _)| !OF_PAGES.contains(&name.as_str()))
            .collect();
        pairs.sort();
        let mut said = Sha256::new();
        said.update(business.0);
        said.update(asked.path());
        for (name, value) in pairs {
            for part in [name, value] {
                said.update(part.len().to_le_bytes());
                said.update(part);
            }
        }
        Self(URL_SAFE_NO_PAD.encode(&said.finalize()[..9]))
    }

    /// A cursor that holds a place in it: the sort key of a page's last item.
    ///
    /// # Errors
    /// When the place cannot be written as JSON.
    pub fn cursor(&self, place: &impl Serialize) -> Result<String, Problem> {
        cursor(&(&self.0, place))
    }

    /// The place that a cursor of this list holds.
    ///
    /// # Errors
    /// 422 when it is no cursor of this list, or of another question.
    pub fn place<P: DeserializeOwned>(&self, after: Option<&str>) -> Result<Option<P>, Problem> {
        match place::<(String, P)>(after)? {
            Some((of, place)) if of == self.0 => Ok(Some(place)),
            Some(_) => Err(wrong_cursor()),
            None => Ok(None),
        }
    }
}

/// The page asked for, of a list that is all in memory, in the order of its keys: ids, or what is sorted by and an id.
///
/// # Errors
/// 422 for a bad limit or cursor.
pub fn page_of<K, T>(
    all: impl Iterator<Item = (K, T)>,
    query: &PageQuery,
    list: &List,
) -> Result<Page<T>, Problem>
where
    K: Ord + Serialize + DeserializeOwned,
{
    let limit = limit(query.limit)?;
    let after: Option<K> = list.place(query.after.as_deref())?;
    let mut all: Vec<_> = all.collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    let total = query.count.then_some(all.len() as u64);
    let mut rest = all
        .into_iter()
        .skip_while(|(key, _)| after.as_ref().is_some_and(|after| key <= after))
        .peekable();
    let mut items = Vec::new();
    let mut last = None;
    while items.len() < limit
        && let Some((key, item)) = rest.next()
    {
        items.push(item);
        last = Some(key);
    }
    let next = match (rest.peek(), last) {
        (Some(_), Some(last)) => Some(list.cursor(&last)?),
        _ => None,
    };
    Ok(Page { items, next, total })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn list(uri: &'static str) -> List {
        List::of(BusinessId(Uuid::from_u128(1)), &Uri::from_static(uri))
    }

    fn numbered(n: u128) -> impl Iterator<Item = (Uuid, u128)> {
        (1..=n).map(|n| (Uuid::from_u128(n), n))
    }

    #[test]
    fn pages_join_up_to_the_whole() {
        let mut seen = vec![];
        let mut query = PageQuery {
            limit: Some(3),
            ..PageQuery::default()
        };
        loop {
            let page = page_of(numbered(7), &query, &list("/services")).unwrap();
            seen.extend(page.items);
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, (1..=7).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_page_has_no_next_even_when_full() {
        let query = PageQuery {
            limit: Some(7),
            count: true,
            ..PageQuery::default()
        };
        let page = page_of(numbered(7), &query, &list("/services")).unwrap();
        assert_eq!((page.next, page.total), (None, Some(7)));
    }

    #[test]
    fn a_cursor_is_of_one_question_alone() {
        let asked = list("/history?status=cancelled&q=anna&status=no_show&limit=2");
        let next = asked.cursor(&7).unwrap();
        for same in [
            "/history?q=anna&status=no_show&status=cancelled",
            "/history?status=cancelled&q=anna&status=no_show&limit=500&count=true&after=x",
        ] {
            let place: Option<i32> = list(same).place(Some(&next)).unwrap();
            assert_eq!(place, Some(7), "{same}");
        }
        for other in [
            "/history?q=anna&status=no_show",
            "/history?q=ann&status=no_show&status=cancelled",
            "/history?q=anna&status=no_show&status=cancelled&sort=start",
            "/changes?q=anna&status=no_show&status=cancelled",
        ] {
            assert!(list(other).place::<i32>(Some(&next)).is_err(), "{other}");
        }
        assert_eq!(asked.place::<i32>(None).unwrap(), None);
        assert!(asked.place::<i32>(Some("7")).is_err());
    }

    #[test]
    fn a_cursor_is_of_one_business_alone() {
        let uri = Uri::from_static("/history");
        let next = list("/history").cursor(&7).unwrap();
        let theirs = List::of(BusinessId(Uuid::from_u128(2)), &uri);
        assert!(theirs.place::<i32>(Some(&next)).is_err());
    }

    #[test]
    fn limits_and_cursors_of_ones_own_making_are_refused() {
        for limit in [0, 501] {
            let query = PageQuery {
                limit: Some(limit),
                ..PageQuery::default()
            };
            assert!(page_of(numbered(7), &query, &list("/services")).is_err());
        }
        let query = PageQuery {
            after: Some("7".to_owned()),
            ..PageQuery::default()
        };
        assert!(page_of(numbered(7), &query, &list("/services")).is_err());
    }
}
