//! What each event of a segment changed.

use domain::segment::SegmentEvent;

use super::{Told, fields::Fields};

pub(super) fn tell(event: &SegmentEvent) -> Told {
    use SegmentEvent as E;
    let fields = Fields::default();
    Told::fields(match event {
        E::Saved(saying) => fields
            .made("name", &saying.name)
            .made("filter", &saying.filter),
        E::Changed { name, filter } => fields
            .told("name", name.as_ref())
            .told("filter", filter.as_deref()),
        E::Dropped {} => fields.between("dropped", false, true),
    })
}
