//! Shares of a budget that add up to exactly 100 per cent, whatever is done to them.
//!
//! Counted in whole hundredths of a per cent, so that no rounding error builds up.

/// All of it, in hundredths of a per cent.
pub(super) const WHOLE: u32 = 10_000;

/// The shares of a plan, by position. They add up to [`WHOLE`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shares {
    parts: Vec<u32>,
    /// Parts that the buyer has set in this conversation: balancing leaves them alone.
    pinned: Vec<bool>,
}

impl Shares {
    /// Shares in proportion to these weights, or even ones when nobody weighs anything. `None` of
    /// nothing.
    pub(super) fn of(weights: &[f64]) -> Option<Self> {
        if weights.is_empty() {
            return None;
        }
        let sum: f64 = weights.iter().sum();
        let weights: Vec<u32> = weights
            .iter()
            // Percentages lie between 0 and 100, so a share of them lies within the whole.
            .map(|weight| (weight / sum * f64::from(WHOLE)).round() as u32)
            .collect();
        let mut shares = Shares {
            pinned: vec![false; weights.len()],
            parts: weights,
        };
        let all: Vec<usize> = (0..shares.parts.len()).collect();
        shares.spread(&all, WHOLE);
        Some(shares)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// The share at a position, in hundredths of a per cent.
    pub(super) fn at(&self, position: usize) -> u32 {
        self.parts.get(position).copied().unwrap_or(0)
    }

    /// What these have together.
    pub(super) fn sum(&self, of: &[usize]) -> u32 {
        of.iter().map(|position| self.at(*position)).sum()
    }

    /// Adds a part that has nothing yet, and says where.
    pub(super) fn add(&mut self) -> usize {
        self.parts.push(0);
        self.pinned.push(false);
        self.parts.len() - 1
    }

    /// Gives these so much together; the others keep their proportions. Says whether that can be.
    pub(super) fn set(&mut self, of: &[usize], share: u32) -> bool {
        let (pinned, free): (Vec<usize>, Vec<usize>) = self
            .others(of)
            .partition(|position| self.is_pinned(*position));
        let Some(rest) = WHOLE.checked_sub(share + self.sum(&pinned)) else {
            return false;
        };
        if free.is_empty() && rest > 0 {
            return false;
        }
        self.spread(of, share);
        self.spread(&free, rest);
        self.pin(of);
        true
    }

    /// Moves so much from these to those, at most all there is. Returns what was moved.
    pub(super) fn take(&mut self, share: u32, from: &[usize], to: &[usize]) -> u32 {
        let moved = share.min(self.sum(from));
        let (left, got) = (self.sum(from) - moved, self.sum(to) + moved);
        self.spread(from, left);
        self.spread(to, got);
        moved
    }

    /// Takes everything from these and gives it to those, or to all others when there are none.
    /// Says whether that can be.
    pub(super) fn drain(&mut self, of: &[usize], to: &[usize]) -> bool {
        let mut to: Vec<usize> = to.to_vec();
        if to.is_empty() {
            let others: Vec<usize> = self
                .others(of)
                .filter(|other| self.at(*other) > 0)
                .collect();
            let free = others
                .iter()
                .copied()
                .filter(|other| !self.is_pinned(*other));
            to = free.collect();
            if to.is_empty() {
                to = others;
            }
        }
        to.retain(|position| !of.contains(position));
        if to.is_empty() {
            return false;
        }
        let share = self.sum(of) + self.sum(&to);
        self.spread(of, 0);
        self.spread(&to, share);
        true
    }

    /// Gives everybody who has something the same.
    pub(super) fn even(&mut self) {
        let with: Vec<usize> = (0..self.len()).filter(|at| self.at(*at) > 0).collect();
        for position in &with {
            if let Some(part) = self.parts.get_mut(*position) {
                *part = 1;
            }
        }
        self.spread(&with, WHOLE);
    }

    fn others<'a>(&'a self, of: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
        (0..self.parts.len()).filter(|position| !of.contains(position))
    }

    fn is_pinned(&self, position: usize) -> bool {
        self.pinned.get(position).copied().unwrap_or(false)
    }

    fn pin(&mut self, of: &[usize]) {
        for position in of {
            if let Some(pinned) = self.pinned.get_mut(*position) {
                *pinned = true;
            }
        }
    }

    /// Splits a sum in proportion to what each has now, evenly when none has anything. What rounding
    /// leaves over goes to the first ones.
    fn spread(&mut self, among: &[usize], sum: u32) {
        let count = u32::try_from(among.len()).unwrap_or(u32::MAX).max(1);
        let weight = self.sum(among);
        let mut left = sum;
        let mut given: Vec<u32> = among
            .iter()
            .map(|position| {
                let part = if weight == 0 {
                    sum / count
                } else {
                    let part = u64::from(self.at(*position)) * u64::from(sum) / u64::from(weight);
                    u32::try_from(part).unwrap_or(sum)
                };
                left = left.saturating_sub(part);
                part
            })
            .collect();
        for part in given.iter_mut().take(left as usize) {
            *part += 1;
        }
        for (position, part) in among.iter().zip(given) {
            if let Some(slot) = self.parts.get_mut(*position) {
                *slot = part;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(shares: &Shares) -> u32 {
        (0..shares.len()).map(|at| shares.at(at)).sum()
    }

    #[test]
    fn thirds_add_up() {
        let shares = Shares::of(&[33.33, 33.33, 33.33]).expect("three parts");
        assert_eq!(
            (shares.at(0), shares.at(1), shares.at(2)),
            (3334, 3333, 3333)
        );
        assert_eq!(Shares::of(&[]), None);
        assert_eq!(
            Shares::of(&[0.0, 0.0]).map(|shares| shares.at(1)),
            Some(5000)
        );
    }

    #[test]
    fn what_was_set_stays_while_the_rest_is_balanced() {
        let mut shares = Shares::of(&[20.0, 30.0, 50.0]).expect("three parts");
        assert!(shares.set(&[0], 5000) && shares.set(&[1], 3000));
        assert_eq!(
            (shares.at(0), shares.at(1), shares.at(2)),
            (5000, 3000, 2000)
        );
        assert!(!shares.set(&[2], 5001), "more than is left");
        assert_eq!(total(&shares), WHOLE);
        let mut alone = Shares::of(&[100.0]).expect("one part");
        assert!(!alone.set(&[0], 6000), "nobody takes the rest");
    }

    #[test]
    fn moving_and_draining_keep_the_whole() {
        let mut shares = Shares::of(&[20.0, 30.0, 50.0]).expect("three parts");
        assert_eq!(shares.take(3000, &[0], &[1]), 2000, "no more than there is");
        assert_eq!((shares.at(0), shares.at(1)), (0, 5000));
        assert!(shares.drain(&[1], &[]));
        assert_eq!((shares.at(0), shares.at(1), shares.at(2)), (0, 0, WHOLE));
        assert!(!shares.drain(&[2], &[]), "somebody has to keep it");
        shares.add();
        assert!(shares.drain(&[2], &[3]));
        assert_eq!((shares.at(3), total(&shares)), (WHOLE, WHOLE));
    }

    #[test]
    fn an_even_split_leaves_out_who_has_nothing() {
        let mut shares = Shares::of(&[0.0, 70.0, 20.0, 10.0]).expect("four parts");
        shares.even();
        assert_eq!(
            (shares.at(0), shares.at(1), shares.at(2), shares.at(3)),
            (0, 3334, 3333, 3333)
        );
    }
}
