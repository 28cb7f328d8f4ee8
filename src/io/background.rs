//! Work that waits for the disk or keeps a processor busy, on threads that stand behind those of the calls.
//!
//! A call that sends audio owes a packet every 20 ms. When many of them end together their pages are stored, their receipts drawn
//! and mailed; all that can wait its turn.

use std::cell::Cell;

use tokio::sync::Semaphore;
use tokio::task::JoinError;

/// The niceness of the threads that do such work: a call that wakes gets nine tenths of a processor beside one of them.
const NICENESS: i32 = 10;

/// Threads for such work. Calls have a thread for each processor; more of these than that would only wait for one another, and for the
/// one writer of the queue.
#[must_use]
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(LEAST_THREADS, |processors| processors.get() * 2).max(LEAST_THREADS)
}

/// Fewest threads: while one waits for the disk another draws.
const LEAST_THREADS: usize = 4;
/// How many of them [`run_at_leisure`] takes together: the others are left to work that a call waits for.
const MOST_AT_LEISURE: usize = LEAST_THREADS / 2;

static LEISURE: Semaphore = Semaphore::const_new(MOST_AT_LEISURE);

/// Runs work where it holds no call up.
///
/// # Errors
/// When the work panicked, or the program ends.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    tokio::task::spawn_blocking(move || {
        stand_behind();
        work()
    })
    .await
}

/// Runs work that nobody on the line waits for: however much of it there is, what calls wait for overtakes it.
///
/// # Errors
/// When the work panicked, or the program ends.
pub async fn run_at_leisure<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    // Nobody closes it; if somebody did, the work would only come earlier.
    let _turn = LEISURE.acquire().await;
    run(work).await
}

/// Gives this thread its niceness, once: it is the thread's own on Linux, and it keeps it.
fn stand_behind() {
    thread_local! { static IS_BEHIND: Cell<bool> = const { Cell::new(false) } }
    if !IS_BEHIND.replace(true) {
        // A system that refuses does without: calls then share the processors with this work.
        let _ = rustix::process::setpriority_process(None, NICENESS);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use rustix::process::getpriority_process;

    use super::*;

    fn with_threads(threads: usize, test: impl Future<Output = ()>) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).max_blocking_threads(threads).build();
        runtime.expect("a runtime").block_on(test);
    }

    #[test]
    fn its_threads_stand_behind_the_others() {
        with_threads(LEAST_THREADS, async {
            let ours = getpriority_process(None).expect("a niceness");
            let theirs = run(|| getpriority_process(None)).await.expect("no panic").expect("a niceness");
            assert_eq!(theirs, NICENESS.max(ours), "ours is {ours}");
            assert_eq!(getpriority_process(None).expect("a niceness"), ours, "the caller's own has changed");
        });
    }

    #[test]
    fn work_at_leisure_leaves_threads_to_work_that_is_waited_for() {
        with_threads(LEAST_THREADS, async {
            let (gates, closed): (Vec<_>, Vec<_>) = (0..2 * LEAST_THREADS).map(|_| mpsc::channel::<()>()).unzip();
            // Each is over when its gate is dropped.
            let waits = |gate: mpsc::Receiver<()>| tokio::spawn(run_at_leisure(move || gate.recv().is_err()));
            let leisurely: Vec<_> = closed.into_iter().map(waits).collect();
            for _ in 0..2 * LEAST_THREADS {
                run(|| ()).await.expect("no panic");
            }
            assert!(leisurely.iter().all(|task| !task.is_finished()), "the gates are still closed");
            drop(gates);
            for task in leisurely {
                task.await.expect("no panic").expect("no panic");
            }
        });
    }
}
