"""The run folder of a recipe with a damaged or missing file, from which the recipe resumes."""

import functools
import pathlib
import tempfile

from tests.fuzz.arrays import pick
from tests.fuzz.files import recipe
from tests.fuzz.judge import ALLOWED, digest, quiet
from tests.fuzz.mutations import mutated
from tests.helpers import values
from tests.recipes.run_folders import X, early_stopping, make_run

EPOCHS = ("--epochs", 2)


class RunFolder:
    """A finished run of tables.py; resumed, it ends with the weights of the undamaged run."""

    name = "run folder"

    def __init__(self):
        self.expected = (*ALLOWED, recipe("support.run.cli").InputError)

    @functools.cached_property
    def finished(self):
        """The files of the undamaged run, name -> bytes, and a checksum of the trained state."""
        with tempfile.TemporaryDirectory() as folder, quiet():
            state = _train(pathlib.Path(folder) / "run")
            return _content(pathlib.Path(folder) / "run"), state

    def place(self, rng, folder):
        """Write the run with one or two damages; return its path and a text about them."""
        path, content = folder / "run", dict(self.finished[0])
        damages = []
        for name in rng.permutation(sorted(content))[: int(rng.integers(1, 3))]:
            if rng.random() < 0.25:
                del content[name]
                damages.append(f"without {name}")
            else:
                content[name] = mutated(rng, content[name])
                damages.append(f"damaged {name}")
        if rng.random() < 0.1:
            content[pick(rng, ("checkpoints/x", "epoch-000009.json", "notes.txt"))] = b"x"
        for name, data in content.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        self.before = content
        return path, ", ".join(damages)

    def read(self, path):
        """Resume the run; the checksum of its state."""
        return _train(path, "--resume")

    def problem(self, path, outcome):
        """What is wrong with a resumed run, or with the folder of a refused one."""
        if outcome.error is None:
            return None if outcome.result == self.finished[1] else "resumed to another state"
        return None if _content(path) == self.before else "refused but changed the folder"


def _train(path, *flags):
    run, vae = make_run(recipe, path, *EPOCHS, *flags)
    try:
        run.train(vae, X[:16], X[16:], early_stopping(recipe))
        return digest(values([*vae.variables, *vae.optimizer.variables]))
    finally:
        run.files.lock.release()


def _content(path):
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and file.name != "lock"
    }
