"""Files of a run folder: which of them are of a recipe, and may be replaced or deleted."""

import atexit
import contextlib
import fnmatch
import json
import os
import pathlib
import shutil

from support.run.cli import InputError

from zoo.core import checkpoints, files, locks

# Names the recipe, its options and its files; a folder with files but without it is left alone.
MARK = "run.json"
FORMAT, VERSION = "zoo recipe run", 1

# Names of files that training and saving write into sub-folders. Checkpoints are those with a
# record of zoo.
PATTERNS = ("events.out.tfevents.*", "saved_model.pb", "fingerprint.pb")
PATTERNS += ("variables.data-?????-of-?????", "variables.index")
FOLDERS = ("checkpoints", "tensorboard", "saved_model", "saved_model.partial")
# Files that every recipe may write, and folders of files that only recipes write.
FILES = ("metrics.json", "history.csv", "model.keras", "report.html", "scores.csv", "columns.json")
FILES += ("retrieval.md", "partial.keras")
CLAIMED_FOLDERS = {"figures": (".png", ".gif"), "texts": (".txt",), "sounds": (".wav",)}


class RunFolder:
    """A run folder, whose mark lists the files that the recipe has written.

    Args:
        path: the folder, which need not exist.
    """

    def __init__(self, path):
        self.path, self.lock = path, locks.FolderLock(path)
        self.mark = None

    def check(self):
        """Read the mark; raise unless the folder can be created, is empty, or holds a run."""
        try:
            if self.path.exists() and not self.path.is_dir():
                raise InputError("--out", f"expected a folder, got the file {self.path}")
            if not self.path.is_dir():
                _try_to_create(self.path)
                return
            if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(13, "no permission to write")
            # A process that was killed at its start may have left its lock alone.
            if any(p.name != locks.NAME and p.name[:5] != ".zoo-" for p in self.path.iterdir()):
                self.mark = self._read_mark()
                self._check_files()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(
                "--out", f"expected a folder to write to, got {self.path}: {reason}"
            ) from error

    def acquire(self):
        """Lock the folder until the process ends or `release` is called."""
        try:
            self.lock.acquire()
        except locks.LockedError as error:
            raise InputError("--out", str(error)) from error
        atexit.register(self.lock.release)

    def begin(self, recipe, options, keep):
        """Create and lock the folder, and write the mark.

        Args:
            recipe, options: for the mark.
            keep: whether the files of the earlier run are kept, for --resume.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.acquire()
            if not keep:
                self._remove_earlier_run()
            claimed = self.mark["files"] if keep and self.mark else []
            self.mark = {"format": FORMAT, "version": VERSION, "recipe": recipe}
            self.mark |= {"options": options, "files": claimed}
            self._write_mark()
            (self.path / "figures").mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(
                "--out", f"expected a folder to write to, got {self.path}: {error.strerror}"
            ) from error

    def file(self, name):
        """Path of a file to write, such as "figures/curves.png", which is added to the mark."""
        if name not in self.mark["files"]:
            self.mark["files"].append(name)
            self._write_mark()
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        return path

    def _read_mark(self):
        """The mark, checked."""
        path = self.path / MARK
        try:
            mark = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise InputError(
                "--out",
                f"expected an empty or new folder or an earlier run, got {self.path} with other "
                f"files in it and without {MARK}; choose another folder",
            ) from None
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(
                "--out", f"{path} is damaged ({error}); choose another folder"
            ) from error
        if not _is_mark(mark):
            raise InputError(
                "--out",
                f"expected a folder of this version's recipes, got {path} of another program or "
                "version; choose another folder",
            )
        return mark

    def _check_files(self):
        """Raise if a file or link that is not of the earlier run is in the way."""
        for name in (*FOLDERS, *CLAIMED_FOLDERS):
            path = self.path / name
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                raise self._in_the_way(path)
        names = [name for name in FILES if (self.path / name).exists()]
        for folder, ends in CLAIMED_FOLDERS.items():
            paths = (self.path / folder).glob("*")
            names += [f"{folder}/{path.name}" for path in paths if path.suffix in ends]
        for name in names:
            if name not in self.mark["files"] or (self.path / name).is_dir():
                raise self._in_the_way(self.path / name)

    def _in_the_way(self, path):
        return InputError(
            "--out",
            f"{path} was not written by the earlier run in this folder; move it elsewhere or "
            "choose another folder",
        )

    def _remove_earlier_run(self):
        """Delete the files of the earlier run, and folders that are then empty."""
        if self.mark is None:
            return
        for name in self.mark["files"]:
            (self.path / name).unlink(missing_ok=True)
        for folder in FOLDERS:
            remove_written(self.path / folder)
        for folder in CLAIMED_FOLDERS:
            with contextlib.suppress(OSError):  # not empty
                (self.path / folder).rmdir()

    def _write_mark(self):
        text = json.dumps(self.mark, indent=2, default=str)
        files.write(self.path / MARK, (text + "\n").encode())


def remove_written(folder):
    """Delete the files in a folder that training or saving wrote, and folders left empty."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):  # not empty
                path.rmdir()
        elif any(fnmatch.fnmatch(path.name, pattern) for pattern in PATTERNS):
            path.unlink()
        elif path.name.endswith(checkpoints.SUFFIX):
            with contextlib.suppress(checkpoints.CheckpointError):  # damaged, or not of zoo
                if checkpoints.record(path) is not None:
                    checkpoints.remove(path)
    with contextlib.suppress(OSError):
        folder.rmdir()


def copy(source, target):
    """Copy a run folder for a worker that must not write to it."""
    ignored = shutil.ignore_patterns(locks.NAME, ".zoo-*")
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignored)


def _is_mark(mark):
    """True if the content of a mark is what this version of the recipes writes."""
    types = {"recipe": str, "options": dict, "files": list}
    return (
        isinstance(mark, dict)
        and (mark.get("format"), mark.get("version")) == (FORMAT, VERSION)
        and all(isinstance(mark.get(name), kind) for name, kind in types.items())
        and all(map(_safe, mark["files"]))
    )


def _safe(name):
    """True if an entry of the mark is a file in the folder."""
    path = pathlib.PurePosixPath(name) if isinstance(name, str) else None
    return path is not None and not path.is_absolute() and ".." not in path.parts


def _try_to_create(path):
    """Create the folder and those above it, and delete them again."""
    created = []
    for folder in (path, *path.parents):
        if folder.exists():
            break
        created.append(folder)
    try:
        path.mkdir(parents=True)
    finally:
        for folder in created:
            with contextlib.suppress(OSError):
                folder.rmdir()
