//! Coming in to a server that is shared, and having it stopped when the last one has left. See the module's head, and
//! `keeper.sh` for the other side.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
};
use uuid::Uuid;

use super::{
    account::Account,
    run_dir::{RunDir, RunDirError},
};

/// How long a keeper may take to answer, or to stop a server on which others wait.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(5);

/// What a keeper has to know of its server.
#[derive(Debug)]
pub(super) struct Keeper<'a> {
    pub(super) run: &'a RunDir,
    pub(super) account: &'a Account,
    /// How long the server stays up for the next one after the last one has left; whole seconds.
    pub(super) linger: Duration,
    /// Emptied after the stop.
    pub(super) discard: Option<&'a Path>,
    /// The command that stops the server.
    pub(super) stop: Vec<OsString>,
}

/// Being inside: the server is kept up until this is dropped, by whatever means.
#[derive(Debug)]
pub(super) struct Stay {
    door: File,
    guests: File,
    run: RunDir,
    lingers: bool,
}

impl Stay {
    /// Leaves, and if we were the last, waits until the server has been stopped.
    pub(super) fn end(self) {
        // With the gate held, nobody comes between our going and the keeper's noticing.
        let gate = self.run.gate();
        let last = RunDir::sign_out(&self.guests);
        drop(self.door);
        if gate.is_ok() && last && !self.lingers {
            wait_until_closed(&self.run);
        }
    }
}

/// Whether anyone was there before us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// No: there was no keeper, now there is.
    First,
    /// Yes: a keeper let us in.
    Later,
}

/// Why one could not come in.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The run folder will not do.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// The door could not be made or opened.
    #[error("could not use {}: {source}", path.display())]
    Io {
        /// The file in question.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Nothing happened for too long.
    #[error("the keeper of {} did not answer within {} seconds; see keeper.log beside it; if no server is running there, remove that file", .0.display(), PATIENCE.as_secs())]
    Silent(PathBuf),
}

impl Keeper<'_> {
    /// Comes in. The caller holds the gate.
    pub(super) fn enter(&self) -> Result<(Stay, Came), KeeperError> {
        let (door, came) = self.pass_the_door()?;
        let stay = Stay {
            door,
            guests: self.run.sign_in()?,
            run: self.run.clone(),
            lingers: !self.linger.is_zero(),
        };
        Ok((stay, came))
    }

    fn pass_the_door(&self) -> Result<(File, Came), KeeperError> {
        let door = self.run.file("door");
        let closing = self.run.file("door.closing");
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            match open_for_writing(&door) {
                Ok(writing) => match self.knock(&door, &writing)? {
                    Answer::In => return Ok((writing, Came::Later)),
                    // It was closing, or has died: look again.
                    Answer::Late | Answer::Nobody => {}
                },
                Err(Errno::NXIO | Errno::NOENT) if open_for_writing(&closing).is_ok() => {
                    thread::sleep(POLL)
                }
                Err(Errno::NXIO | Errno::NOENT) => {
                    let writing = self.hire(&door)?;
                    return Ok((writing, Came::First));
                }
                Err(errno) => {
                    return Err(KeeperError::Io {
                        path: door,
                        source: errno.into(),
                    });
                }
            }
        }
        Err(KeeperError::Silent(door))
    }

    /// Tells the keeper our name and waits for the answer.
    fn knock(&self, door: &Path, mut writing: &File) -> Result<Answer, KeeperError> {
        let name = Uuid::now_v7().simple().to_string();
        let answers = [
            (Answer::In, format!("door.in.{name}")),
            (Answer::Late, format!("door.late.{name}")),
        ];
        if let Err(source) = writeln!(writing, "{name}") {
            if source.kind() == io::ErrorKind::BrokenPipe {
                return Ok(Answer::Nobody);
            }
            return Err(KeeperError::Io {
                path: door.to_owned(),
                source,
            });
        }
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            for (answer, file) in &answers {
                if fs::remove_file(self.run.file(file)).is_ok() {
                    return Ok(*answer);
                }
            }
            let alive = |path: &Path| open_for_writing(path).is_ok();
            if !alive(door) && !alive(&self.run.file("door.closing")) {
                return Ok(Answer::Nobody);
            }
            thread::sleep(POLL);
        }
        Err(KeeperError::Silent(door.to_owned()))
    }

    /// Starts a keeper. One whose server outlived it is replaced: those who still hold the old door count again.
    fn hire(&self, door: &Path) -> Result<File, KeeperError> {
        let told = |source: io::Error| KeeperError::Io {
            path: door.to_owned(),
            source,
        };
        if !door.exists() {
            let made = self
                .account
                .command("mkfifo")
                .args(["-m", "600"])
                .arg(door)
                .stderr(Stdio::null())
                .status();
            if !made.map_err(told)?.success() {
                return Err(told(io::Error::other(
                    "mkfifo failed; does this file system have named pipes?",
                )));
            }
        }
        let script = self.write_script()?;
        let log = self.run.file("keeper.log");
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(|source| KeeperError::Io { path: log, source })?;
        // A blocking open of either end waits for the other; a non-blocking one for reading does not. The keeper must
        // get an end that blocks, so this one only helps the others to open, and goes.
        let reading_flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let helper = rustix::fs::open(door, reading_flags | OFlags::NONBLOCK, Mode::empty())
            .map_err(|e| told(e.into()))?;
        let writing = open_for_writing(door).map_err(|e| told(e.into()))?;
        let reading =
            rustix::fs::open(door, reading_flags, Mode::empty()).map_err(|e| told(e.into()))?;
        // With the helper open a dead keeper would go unnoticed: its end would seem to be held.
        drop(helper);
        let started = self
            .account
            .command("/bin/sh")
            // In the background, so that it is nobody's child and no zombie is left of it. A shell gives its
            // background commands no standard input of their own accord, hence the detour over 3.
            .args(["-c", "exec 3<&0; /bin/sh \"$0\" \"$@\" <&3 3<&- &"])
            .arg(script)
            .arg(door)
            .arg(self.linger.as_secs().to_string())
            .arg(self.discard.unwrap_or(Path::new("")))
            .args(&self.stop)
            .stdin(Stdio::from(reading))
            .stdout(Stdio::null())
            .stderr(Stdio::from(log))
            .status()
            .map_err(told)?;
        if !started.success() {
            return Err(told(io::Error::other("the keeper's shell did not start")));
        }
        // Should we die before this, the keeper reads the end of the file, and stops.
        match self.knock(door, &writing)? {
            Answer::In => Ok(writing),
            Answer::Late | Answer::Nobody => Err(KeeperError::Silent(door.to_owned())),
        }
    }

    /// Puts the script beside the door. Under another name first: a shell reads its script while it runs it.
    fn write_script(&self) -> Result<PathBuf, KeeperError> {
        let (making, path) = (
            self.run.file("keeper.sh.making"),
            self.run.file("keeper.sh"),
        );
        let written =
            fs::write(&making, include_str!("keeper.sh")).and_then(|()| fs::rename(&making, &path));
        written.map_err(|source| KeeperError::Io {
            path: path.clone(),
            source,
        })?;
        Ok(path)
    }
}

/// Waits until the server has been stopped. The caller was the last and holds the gate, so nobody comes meanwhile.
fn wait_until_closed(run: &RunDir) {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let kept = ["door", "door.closing"]
            .iter()
            .any(|end| open_for_writing(&run.file(end)).is_ok());
        if !kept {
            return;
        }
        thread::sleep(POLL);
    }
    tracing::warn!(run_dir = %run.path().display(), "a private server has not stopped yet");
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    In,
    Late,
    Nobody,
}

/// Fails with `NXIO` when nobody reads, with `NOENT` when there is no such door.
fn open_for_writing(door: &Path) -> Result<File, Errno> {
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(door, flags, Mode::empty()).map(File::from)
}
