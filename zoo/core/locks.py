"""Lock files: a folder that one process writes at a time."""

import contextlib
import json
import os
import pathlib
import socket
import time

NAME = "lock"
FORMAT = "zoo lock"


class LockedError(RuntimeError):
    """Another process writes to the folder."""


class FolderLock:
    """Lock of a folder, a file that names the process that holds it.

    The lock of a process that has ended is taken over, as long as it ran on the same host. One
    process may lock a folder again that it has locked already.

    Args:
        folder: folder to lock; `acquire` creates it.
    """

    def __init__(self, folder: pathlib.Path):
        self.path, self._held = pathlib.Path(folder) / NAME, False

    def acquire(self) -> None:
        """Lock the folder.

        Raises:
            LockedError: another process holds the lock, or the file is not a lock of this library.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(10):  # another process may take over the same stale lock
            if self._create():
                self._held = True
                return
            text = self._text()
            if text is None:  # released in the meantime
                continue
            holder = _holder(text)
            if holder is None:
                raise LockedError(
                    f"{self.path} must be a lock file of zoo, got another file: move it elsewhere "
                    "or choose another folder"
                )
            if _is_running(holder):
                if (holder["pid"], holder["host"]) == (os.getpid(), socket.gethostname()):
                    self._held = True
                    return
                raise LockedError(
                    f"the folder {self.path.parent} is in use by process {holder['pid']} on host "
                    f"{holder['host']} since {holder['time']}: wait until it has ended or choose "
                    f"another folder (if it has ended, delete {self.path})"
                )
            self._remove(text)
        raise LockedError(f"the folder {self.path.parent} is being locked by other processes")

    def release(self) -> None:
        """Unlock the folder, if this object has locked it."""
        text = self._text() if self._held else None
        if text is not None and (_holder(text) or {}).get("pid") == os.getpid():
            self._remove(text)
        self._held = False

    def _create(self):
        """Create the file, complete from the start; return False if there is one."""
        pid = os.getpid()
        text = json.dumps(
            {
                "format": FORMAT,
                "pid": pid,
                "host": socket.gethostname(),
                "process_start": _process_start(pid),
                "time": time.strftime("%Y-%m-%d %H:%M:%S"),
            }
        )
        partial = self.path.with_name(f".zoo-lock-{pid}-{id(self)}")
        try:
            partial.write_text(text)
            os.link(partial, self.path)  # fails if the file exists
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            return self._create_directly(text)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink()
        return True

    def _create_directly(self, text):
        try:
            with self.path.open("x") as file:
                file.write(text)
        except FileExistsError:
            return False
        return True

    def _text(self):
        """Content of the file, or None if there is none."""
        try:
            return self.path.read_text(errors="replace")
        except FileNotFoundError:
            return None

    def _remove(self, text):
        """Delete the file if it still has this content."""
        aside = self.path.with_name(f".zoo-lock-{os.getpid()}-{id(self)}")
        try:
            os.rename(self.path, aside)
        except FileNotFoundError:
            return
        if aside.read_text(errors="replace") != text:  # another process was faster
            with contextlib.suppress(OSError):
                os.link(aside, self.path)
        aside.unlink()


def _holder(text):
    """The process that holds a lock, or None if the text is not a lock."""
    try:
        holder = json.loads(text)
    except ValueError:
        return None
    if not isinstance(holder, dict) or holder.get("format") != FORMAT:
        return None
    valid = isinstance(holder.get("pid"), int) and {"host", "time"} <= holder.keys()
    return holder if valid else None


def _is_running(holder):
    """False if the process has certainly ended: only those of this host can be checked."""
    if holder["host"] != socket.gethostname() or os.name == "nt":
        return True  # on Windows, os.kill would end the process
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # of another user
    # Another process may have got the number of one that has ended.
    start = _process_start(holder["pid"])
    return None in (start, holder.get("process_start")) or start == holder["process_start"]


def _process_start(pid):
    """Time at which a process started, in ticks since the boot; None where that is unknown."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else int(fields[18])
