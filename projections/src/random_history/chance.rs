//! Chance that can be repeated. SplitMix64 (Steele, Lea, Flood 2014): a few lines, good enough to pick from lists.

use uuid::Uuid;

pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// From here on another course, by this number.
    pub(super) fn stirred_by(&mut self, choice: u64) {
        self.0 = self.next() ^ choice;
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `bound`, which is above zero.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).expect("less than a u32")
    }

    pub(super) fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    pub(super) fn of_these<T: Copy>(&mut self, list: &[T]) -> T {
        let place = self.below(u32::try_from(list.len()).expect("a short list"));
        list[usize::try_from(place).expect("a short list")]
    }

    /// One of the keys, if there are any.
    pub(super) fn key<'a>(
        &mut self,
        keys: impl ExactSizeIterator<Item = &'a Uuid>,
    ) -> Option<Uuid> {
        let count = u32::try_from(keys.len()).ok().filter(|count| *count > 0)?;
        let place = usize::try_from(self.below(count)).ok()?;
        let mut keys = keys;
        keys.nth(place).copied()
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.next()
    }

    pub(super) fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.next(), self.next())
    }
}
