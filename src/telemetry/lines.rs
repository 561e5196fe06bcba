//! The bounded queue of log lines, and the thread that writes them.
//!
//! A line that finds the queue full is dropped and counted. The next line that can be written is preceded by the count.

use std::{
    io::{self, Write},
    os::fd::AsFd as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, SyncSender, TrySendError},
    },
    thread,
    time::Duration,
};

/// Lines that may wait: at some 200 bytes each, under a megabyte. A busy second at `debug` fits.
const LINES_MAX: usize = 4096;

/// How long the end of the process waits for the lines that wait: long for a reader that reads, short for a service manager.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// How often a full queue is tried again by whoever flushes.
const FLUSH_INTERVAL: Duration = Duration::from_millis(10);

enum Message {
    Line(Vec<u8>),
    /// Answered once everything before it is written.
    Flush(SyncSender<()>),
}

/// The queue's end for those who log.
#[derive(Clone)]
pub(super) struct Queue {
    sender: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

/// Logging, started; writes what waits when dropped.
pub struct Logging(Queue);

impl Logging {
    /// Starts the thread that writes to standard error.
    pub(super) fn start() -> Self {
        // Through a handle of its own: a blocked write must not hold the lock of standard error, on which whoever writes to
        // it directly would wait.
        match io::stderr().as_fd().try_clone_to_owned() {
            Ok(handle) => Self::to(std::fs::File::from(handle)),
            Err(_) => Self::to(io::stderr()),
        }
    }

    fn to(out: impl Write + Send + 'static) -> Self {
        let (sender, lines) = mpsc::sync_channel(LINES_MAX);
        let queue = Queue { sender, dropped: Arc::default() };
        let dropped = Arc::clone(&queue.dropped);
        // Where the system gives no thread, every line is dropped, and whatever else needs a thread says so.
        drop(thread::Builder::new().name("log".to_owned()).spawn(move || write(out, &lines, &dropped)));
        Self(queue)
    }

    pub(super) fn queue(&self) -> Queue {
        self.0.clone()
    }

    /// How many lines were dropped since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

impl Logging {
    /// The place where dropped lines are counted.
    pub(super) fn dropped_count(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.0.dropped)
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        self.0.flush();
    }
}

impl Queue {
    /// Waits until what waits is written, or nobody seems to read it.
    pub(super) fn flush(&self) {
        let (done, written) = mpsc::sync_channel(1);
        let mut message = Message::Flush(done);
        for _ in 0..FLUSH_TIMEOUT.as_millis() / FLUSH_INTERVAL.as_millis() {
            match self.sender.try_send(message) {
                Ok(()) => {
                    // Late or not, the process ends.
                    written.recv_timeout(FLUSH_TIMEOUT).unwrap_or_default();
                    return;
                }
                Err(TrySendError::Full(back)) => {
                    message = back;
                    thread::sleep(FLUSH_INTERVAL);
                }
                Err(TrySendError::Disconnected(_)) => return,
            }
        }
    }
}

/// Takes one whole line at each write, as the subscriber hands them over.
impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.sender.try_send(Message::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes lines until nobody can log any more.
fn write(mut out: impl Write, lines: &Receiver<Message>, dropped: &AtomicU64) {
    let mut reported = 0;
    while let Ok(message) = lines.recv() {
        let total = dropped.load(Ordering::Relaxed);
        if total > reported {
            let now = jiff::Timestamp::now();
            let count = total - reported;
            let line = format!(
                "{now:.6}  WARN log lines were dropped: standard error was not read in time lines={count} total={total}\n"
            );
            if out.write_all(line.as_bytes()).is_ok() {
                reported = total;
            }
        }
        match message {
            // A reader that is gone is no reason to stop: another may be put in its place.
            Message::Line(line) => {
                if out.write_all(&line).is_err() {
                    dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            // Whoever asked may have stopped waiting.
            Message::Flush(done) => done.try_send(()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::mpsc,
    };

    use super::{LINES_MAX, Logging};

    /// Waits at each write until it is let through.
    struct Gate(mpsc::Receiver<()>, mpsc::Sender<Vec<u8>>);

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().unwrap_or_default();
            self.1.send(bytes.to_vec()).unwrap_or_default();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_find_the_queue_full_are_dropped_counted_and_reported() {
        let (open, gate) = mpsc::channel();
        let (written, lines) = mpsc::channel();
        let logging = Logging::to(Gate(gate, written));
        let mut queue = logging.queue();
        let mut sent = 0;
        while logging.dropped() < 7 {
            writeln!(queue, "x").unwrap();
            sent += 1;
        }
        // One may be in the writer's hand.
        assert!((LINES_MAX..=LINES_MAX + 1).contains(&(sent - 7)), "{sent}");
        drop(open);
        let texts: Vec<_> = (0..sent - 6).map(|_| String::from_utf8(lines.recv().unwrap()).unwrap()).collect();
        let reports: Vec<_> = texts.iter().filter(|text| text.contains("dropped")).collect();
        assert_eq!(reports.len(), 1);
        assert!(reports[0].contains("lines=7 total=7"), "{reports:?}");
        assert_eq!(texts.iter().filter(|text| *text == "x\n").count(), sent - 7);
    }
}
