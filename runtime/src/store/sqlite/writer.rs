//! The one thread that writes, and how many commits share a sync.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::failed;
use super::group::{self, Refusal, Write};
use super::rows::ReadError;
use crate::store::wake::{self, Bells};
use crate::store::{Batch, LeaseRequest, Record, StoreError};

/// At most so many jobs share one transaction, so that the first does not wait for ever longer.
const GROUP: usize = 256;

/// At most so many jobs wait; who comes after them waits to be let in.
const QUEUE: usize = 1024;

/// The writing thread's handle.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Job {
    Commit {
        writes: Vec<Write>,
        due: Vec<&'static str>,
        done: oneshot::Sender<Result<(), StoreError>>,
    },
    Lease {
        request: LeaseRequest,
        done: oneshot::Sender<Result<Vec<Record>, StoreError>>,
    },
}

/// What a job came to, if its transaction is committed.
enum Outcome {
    Committed(Result<(), StoreError>),
    Leased(Result<Vec<Record>, StoreError>),
}

impl Writer {
    pub(super) fn start(connection: Connection, bells: Arc<Bells>) -> io::Result<Self> {
        connection.set_prepared_statement_cache_capacity(32);
        let (jobs, queue) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || run(&connection, queue, &bells))?;
        Ok(Writer {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    pub(super) fn commit(
        &self,
        batch: Batch,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + use<'_> {
        let due = wake::kinds(&batch);
        let writes = group::prepare(batch);
        async move {
            let writes = writes?;
            let (done, answer) = oneshot::channel();
            self.send(Job::Commit { writes, due, done }).await?;
            answer.await.map_err(|_| stopped())?
        }
    }

    pub(super) async fn lease(&self, request: LeaseRequest) -> Result<Vec<Record>, StoreError> {
        let (done, answer) = oneshot::channel();
        self.send(Job::Lease { request, done }).await?;
        answer.await.map_err(|_| stopped())?
    }

    async fn send(&self, job: Job) -> Result<(), StoreError> {
        match &self.jobs {
            Some(jobs) => jobs.send(job).await.map_err(|_| stopped()),
            None => Err(stopped()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the queue lets the thread finish what is in it. Waiting for it makes sure that
        // the file is closed when the store is gone.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by the panic hook; here it changes nothing.
            let _ = thread.join();
        }
    }
}

fn run(connection: &Connection, mut queue: mpsc::Receiver<Job>, bells: &Bells) {
    let mut jobs = Vec::new();
    while let Some(first) = queue.blocking_recv() {
        jobs.push(first);
        while jobs.len() < GROUP
            && let Ok(next) = queue.try_recv()
        {
            jobs.push(next);
        }
        write(connection, &mut jobs, bells);
    }
}

/// Carries out the jobs in one transaction and answers them when it is on the disk.
fn write(connection: &Connection, jobs: &mut Vec<Job>, bells: &Bells) {
    let mut outcomes = Vec::with_capacity(jobs.len());
    let written = transaction(connection, jobs, &mut outcomes);
    if let Err(error) = &written {
        tracing::error!(%error, jobs = jobs.len(), "the store could not write");
        // The transaction may be open still, or SQLite may have ended it: both are fine.
        let _ = connection.execute_batch("ROLLBACK");
    }
    let mut outcomes = outcomes.into_iter();
    for job in jobs.drain(..) {
        let outcome = outcomes.next();
        // A caller that has gone away needs no answer.
        match (job, outcome, &written) {
            (Job::Commit { due, done, .. }, Some(Outcome::Committed(answer)), Ok(())) => {
                if answer.is_ok() {
                    bells.ring(&due);
                }
                let _ = done.send(answer);
            }
            (Job::Lease { done, .. }, Some(Outcome::Leased(answer)), Ok(())) => {
                let _ = done.send(answer);
            }
            (Job::Commit { done, .. }, _, written) => {
                let _ = done.send(Err(not_written(written)));
            }
            (Job::Lease { done, .. }, _, written) => {
                let _ = done.send(Err(not_written(written)));
            }
        }
    }
}

fn transaction(
    connection: &Connection,
    jobs: &[Job],
    outcomes: &mut Vec<Outcome>,
) -> rusqlite::Result<()> {
    execute(connection, "BEGIN IMMEDIATE")?;
    for job in jobs {
        execute(connection, "SAVEPOINT job")?;
        let outcome = match job {
            Job::Commit { writes, .. } => {
                Outcome::Committed(match group::apply(connection, writes) {
                    Ok(()) => Ok(()),
                    Err(Refusal::Conflict(key)) => Err(StoreError::Conflict(key)),
                    Err(Refusal::Failed(error)) => {
                        roll_back_job(connection)?;
                        Err(failed("write", error))
                    }
                })
            }
            Job::Lease { request, .. } => {
                Outcome::Leased(match group::lease(connection, request) {
                    Ok(records) => Ok(records),
                    Err(error) => {
                        roll_back_job(connection)?;
                        Err(ReadError::into_store_error(error))
                    }
                })
            }
        };
        execute(connection, "RELEASE job")?;
        outcomes.push(outcome);
    }
    execute(connection, "COMMIT")
}

/// Undoes one job. Fails when SQLite has already ended the whole transaction, as it does when the
/// disk is full; then nothing of the group is written.
fn roll_back_job(connection: &Connection) -> rusqlite::Result<()> {
    execute(connection, "ROLLBACK TO job")
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

fn not_written(written: &rusqlite::Result<()>) -> StoreError {
    match written {
        // The error belongs to the whole group, so each job gets its text.
        Err(error) => StoreError::backend("the store could not write", error.to_string()),
        Ok(()) => stopped(),
    }
}

fn stopped() -> StoreError {
    StoreError::backend(
        "the store could not be asked",
        "its writing thread has stopped",
    )
}
