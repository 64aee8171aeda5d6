//! Children that never outlive us.
//!
//! Every child leads a process group of its own, so that what it starts ends with it. Groups are
//! killed when their [`Group`] is dropped, and on Ctrl-C or a termination signal; the call that
//! waits for the child then returns [`VerifyError::Interrupted`].

use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::VerifyError;

/// How often a child is looked at.
const PULSE: Duration = Duration::from_millis(20);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// The leaders of the groups that run now.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// A running child with everything that it started.
pub(super) struct Group {
    child: Child,
    name: String,
    /// Whether the leader has been waited for, so that its id may be somebody else's.
    reaped: bool,
}

/// Makes Ctrl-C and termination end what runs. Done once in a process.
pub(super) fn watch_for_interrupts() -> Result<(), VerifyError> {
    static WATCHING: OnceLock<Result<(), String>> = OnceLock::new();
    let watching = WATCHING.get_or_init(|| {
        ctrlc::set_handler(|| {
            INTERRUPTED.store(true, Ordering::SeqCst);
            running().iter().for_each(|leader| kill_group(*leader));
        })
        .map_err(|error| error.to_string())
    });
    watching.clone().map_err(|error| {
        VerifyError::program("the interrupt handler", std::io::Error::other(error))
    })
}

fn running() -> MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fails once somebody has pressed Ctrl-C.
fn heed_interrupts() -> Result<(), VerifyError> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        Err(VerifyError::Interrupted)
    } else {
        Ok(())
    }
}

impl Group {
    /// Starts a command as the leader of a group.
    pub(super) fn spawn(mut command: Command) -> Result<Self, VerifyError> {
        let name = command.get_program().to_string_lossy().into_owned();
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        // Held while the child starts, so that an interrupt finds it either absent or listed.
        let mut running = running();
        heed_interrupts()?;
        let child = command
            .spawn()
            .map_err(|source| VerifyError::program(&name, source))?;
        running.push(child.id());
        Ok(Group {
            child,
            name,
            reaped: false,
        })
    }

    /// How the child ended, if it has. What it started is ended then, too.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>, VerifyError> {
        heed_interrupts()?;
        let name = self.name.clone();
        let failed = |source| VerifyError::program(&name, source);
        if !self.reaped && !has_ended(&mut self.child).map_err(failed)? {
            return Ok(None);
        }
        self.end().map(Some).map_err(failed)
    }

    /// Kills the group, then reaps its leader: in this order, because the id of a group without
    /// members may be given to somebody else once its leader is reaped.
    fn end(&mut self) -> std::io::Result<ExitStatus> {
        if !self.reaped {
            kill_group(self.child.id());
            // Elsewhere than on Unix nothing else ends the leader. One that has ended stays so.
            let _ = self.child.kill();
            running().retain(|leader| *leader != self.child.id());
            self.reaped = true;
        }
        self.child.wait()
    }

    /// Waits for the child. `None`: it did not end in time.
    pub(super) fn wait(&mut self, at_most: Duration) -> Result<Option<ExitStatus>, VerifyError> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            if begun.elapsed() > at_most {
                return Ok(None);
            }
            sleep(PULSE);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Nobody is left to tell, and a child that can't be waited for is not ours any more.
        let _ = self.end();
    }
}

/// Whether a child has ended, without reaping it.
#[cfg(unix)]
fn has_ended(child: &mut Child) -> std::io::Result<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return Ok(false);
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), options)?.is_some())
}

/// Whether a child has ended. Elsewhere a handle keeps the id taken.
#[cfg(not(unix))]
fn has_ended(child: &mut Child) -> std::io::Result<bool> {
    child.try_wait().map(|status| status.is_some())
}

#[cfg(unix)]
fn kill_group(leader: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        // A group that is gone already is what we want.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Elsewhere Ctrl-C reaches the children through the console, and `Drop` kills the leader.
#[cfg(not(unix))]
fn kill_group(_leader: u32) {}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn dropping_a_group_ends_what_its_leader_started() {
        let folder = tempfile::tempdir().expect("a folder");
        let pid_file = folder.path().join("grandchild");
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!(
                "sleep 600 & echo $! > {}; wait",
                pid_file.display()
            ))
            .stdin(Stdio::null());
        let group = Group::spawn(command).expect("sh starts");
        let patience = Instant::now() + Duration::from_secs(10);
        let grandchild = loop {
            let written = std::fs::read_to_string(&pid_file).unwrap_or_default();
            if let Ok(pid) = written.trim().parse::<i32>() {
                break rustix::process::Pid::from_raw(pid).expect("a process id");
            }
            assert!(Instant::now() < patience, "the grandchild never started");
            sleep(PULSE);
        };
        drop(group);
        while rustix::process::test_kill_process(grandchild).is_ok() && !is_zombie(grandchild) {
            assert!(
                Instant::now() < patience,
                "the grandchild outlived its group"
            );
            sleep(PULSE);
        }
    }

    /// Killed, but not reaped by whoever inherited it.
    fn is_zombie(pid: rustix::process::Pid) -> bool {
        std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).is_ok_and(|stat| {
            stat.rsplit(')')
                .next()
                .is_some_and(|rest| rest.trim_start().starts_with('Z'))
        })
    }

    #[test]
    fn a_child_that_takes_too_long_is_given_up() {
        let mut command = Command::new("sleep");
        command.arg("600");
        let mut group = Group::spawn(command).expect("sleep starts");
        assert!(
            group
                .wait(Duration::from_millis(50))
                .expect("no interrupt")
                .is_none()
        );
    }
}
