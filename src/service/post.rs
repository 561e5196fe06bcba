//! From the ledger's thread to the runtime's: one wake-up for all who wait for a batch.
//!
//! To wake a task from another thread takes a system call, and tasks that are woken so are run one by one, each with a write to
//! its connection. Here one task is woken from outside; it wakes the others where they run, and what they have to say leaves
//! together.

use std::sync::OnceLock;

use tokio::sync::{mpsc, oneshot};

/// Something for somebody who waits.
type Item<T> = (oneshot::Sender<T>, T);

/// Carries things to those who wait for them.
///
/// The queue has no bound of its own: it holds one thing at most for each call under way, and those are bounded.
pub(super) struct Post<T>(OnceLock<mpsc::UnboundedSender<Item<T>>>);

/// Brings one thing to the post.
pub(super) struct Sender<T> {
    post: mpsc::UnboundedSender<Item<T>>,
    reply: oneshot::Sender<T>,
}

impl<T: Send + 'static> Post<T> {
    /// A post that has nobody to carry for yet.
    pub(super) fn new() -> Self {
        Self(OnceLock::new())
    }

    /// What `reply` is brought by. The first call starts the task that carries, on the caller's runtime; it ends with the post.
    pub(super) fn sender(&self, reply: oneshot::Sender<T>) -> Sender<T> {
        let start = || {
            let (post, mut items) = mpsc::unbounded_channel::<Item<T>>();
            tokio::spawn(async move {
                while let Some((reply, thing)) = items.recv().await {
                    // Whoever hung up misses nothing.
                    drop(reply.send(thing));
                }
            });
            post
        };
        Sender { post: self.0.get_or_init(start).clone(), reply }
    }
}

impl<T> Sender<T> {
    /// Whether nobody waits any more.
    pub(super) fn is_closed(&self) -> bool {
        self.reply.is_closed()
    }

    /// Hands the thing over.
    pub(super) fn send(self, thing: T) {
        if let Err(mpsc::error::SendError((reply, thing))) = self.post.send((self.reply, thing)) {
            // The runtime that carried has ended, and the caller's is another.
            drop(reply.send(thing));
        }
    }
}
