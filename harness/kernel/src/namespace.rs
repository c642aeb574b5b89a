//! Fresh network namespaces, with or without privileges.
//!
//! A namespace made by `unshare` has no name: it exists as long as a process, a socket or an open file refers to it.

use crate::{Access, KernelError};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use std::fs;

/// Makes sure that this process, which must have one thread, may make network namespaces, and moves it to a fresh one.
pub(crate) fn acquire() -> Result<Access, KernelError> {
    match unshare(CloneFlags::CLONE_NEWNET) {
        Ok(()) => Ok(Access::Privileged),
        Err(Errno::EPERM) => enter_user_namespace().map(|()| Access::UserNamespace),
        Err(error) => Err(KernelError::system("make a network namespace", error)),
    }
}

/// Moves this process to a fresh network namespace.
pub(crate) fn enter_fresh() -> Result<(), KernelError> {
    unshare(CloneFlags::CLONE_NEWNET)
        .map_err(|error| KernelError::system("make a network namespace", error))
}

fn enter_user_namespace() -> Result<(), KernelError> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).map_err(|error| {
        KernelError::NotPermitted(format!(
            "network namespaces need root or unprivileged user namespaces, which this system refuses ({error}): run \
             as root, or allow them (`sysctl user.max_user_namespaces=1000`; \
             `sysctl kernel.unprivileged_userns_clone=1` on Debian; \
             `sysctl kernel.apparmor_restrict_unprivileged_userns=0` on Ubuntu)"
        ))
    })?;
    // user_namespaces(7): `setgroups` must be denied before an unprivileged process may write its group map.
    let maps = [
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/uid_map", format!("0 {user} 1")),
        ("/proc/self/gid_map", format!("0 {group} 1")),
    ];
    for (file, text) in maps {
        fs::write(file, text)
            .map_err(|error| KernelError::system(format!("write {file}"), error))?;
    }
    Ok(())
}
