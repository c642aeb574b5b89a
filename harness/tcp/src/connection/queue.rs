//! A queue that takes one word while nothing was ever in it, as most queues of an idle connection.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};

/// A `VecDeque` that is made when the first thing is put in.
#[derive(Clone, Debug)]
#[expect(
    clippy::box_collection,
    reason = "a VecDeque is four words, and a connection has four of them"
)]
pub(crate) struct Queue<T>(Option<Box<VecDeque<T>>>);

/// What an empty queue may keep room for. A burst is over when it is empty: an idle connection should not hold what it
/// needed.
const KEPT: usize = 8;

impl<T: 'static> Queue<T> {
    pub(crate) const EMPTY: Self = Self(None);
    const NOTHING: &'static VecDeque<T> = &VecDeque::new();

    // Of the methods that change something, these have nothing to do in an empty queue, and must not make one.

    pub(crate) fn front_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()?.front_mut()
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        self.0.as_deref_mut()?.pop_front()
    }

    pub(crate) fn iter_mut(&mut self) -> std::collections::vec_deque::IterMut<'_, T> {
        self.0
            .as_deref_mut()
            .map_or_else(Default::default, VecDeque::iter_mut)
    }

    /// Gives back the memory of a burst that is over.
    pub(crate) fn shrink_if_empty(&mut self) {
        if self.is_empty() && self.capacity() > KEPT {
            *self = Self::EMPTY;
        }
    }
}

impl<T: 'static> Default for Queue<T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T: 'static> Deref for Queue<T> {
    type Target = VecDeque<T>;

    fn deref(&self) -> &VecDeque<T> {
        self.0.as_deref().unwrap_or(Self::NOTHING)
    }
}

impl<T: 'static> DerefMut for Queue<T> {
    fn deref_mut(&mut self) -> &mut VecDeque<T> {
        self.0.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pushing_makes_a_queue() {
        let mut queue: Queue<u8> = Queue::default();
        assert_eq!(queue.front_mut(), None);
        assert_eq!(queue.pop_front(), None);
        assert_eq!(queue.iter_mut().count() + queue.iter().count(), 0);
        assert!(queue.0.is_none());
        (0..9).for_each(|n| queue.push_back(n));
        while queue.pop_front().is_some() {}
        queue.shrink_if_empty();
        assert!(queue.0.is_none());
    }
}
