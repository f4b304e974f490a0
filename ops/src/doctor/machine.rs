//! What needs no server: the disk under the data dir, and whether it can be written to.

use std::path::Path;

use super::checkup::Checkup;
use crate::settings::Settings;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
/// Below this PostgreSQL may stop at any moment: one checkpoint's log files take as much.
const TOO_LITTLE: u64 = 512 * MIB;
/// Below this it is time to look.
const LITTLE: u64 = 5 * GIB;

pub(super) fn look(settings: &Settings, checkup: &mut Checkup) {
    let dir = &settings.data_dir;
    if let Err(error) = std::fs::create_dir_all(dir) {
        checkup.fail(
            "data dir",
            format!("{} could not be made: {error}", dir.display()),
            "name another with --data-dir, or make it yours",
        );
        return;
    }
    match tempfile_in(dir) {
        Ok(()) => checkup.ok("data dir", dir.display().to_string()),
        Err(error) => checkup.fail(
            "data dir",
            format!("{} cannot be written to: {error}", dir.display()),
            "make it yours, or run as its owner",
        ),
    }
    match rustix::fs::statvfs(dir) {
        Ok(disk) => {
            let (free, all) = (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize);
            let found = format!("{} of {} free", in_units(free), in_units(all));
            let remedy = "make room, or move the data dir to a larger disk while nothing runs";
            match free {
                ..TOO_LITTLE => checkup.fail("disk", found, remedy),
                TOO_LITTLE..LITTLE => checkup.warn("disk", found, remedy),
                LITTLE.. => checkup.ok("disk", found),
            }
        }
        Err(error) => checkup.warn(
            "disk",
            format!("the space left could not be read: {error}"),
            "see `df` yourself",
        ),
    }
}

/// Makes a file and takes it away: permissions alone do not tell of read-only disks and full ones.
fn tempfile_in(dir: &Path) -> std::io::Result<()> {
    let path = dir.join(format!(".doctor.{}", uuid::Uuid::now_v7().simple()));
    std::fs::File::create_new(&path)?;
    std::fs::remove_file(path)
}

fn in_units(bytes: u64) -> String {
    if bytes < 10 * GIB {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{} GiB", bytes / GIB)
    }
}
