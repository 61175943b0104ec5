"""The user's variant, and for each variant one training run that many promises look at."""

import dataclasses

import keras
import pytest

import zoo
from tests.conformance.variants import OWN, VARIANTS
from tests.helpers import data, optimizer, small, values
from zoo.core.nested import cut


@pytest.fixture(scope="module", autouse=True)
def user_variants():
    """In the catalogue for these tests alone: others read the catalogue as it ships."""
    for name, builder in OWN.items():
        zoo.register(name, builder, data="tables", summary="a user's own")
    yield
    for name in OWN:
        zoo.unregister(name)


@dataclasses.dataclass(frozen=True)
class Run:
    """Two epochs of training of two steps each; the first was saved."""

    vae: object
    history: dict
    first_epoch: str
    x: object
    beginning: list

    def again(self):
        """Train the same model once more from where it began: nothing is compiled anew."""
        for variable, value in zip(state(self.vae), self.beginning, strict=True):
            variable.assign(value)
        self.vae.fit(self.x, batch_size=8, epochs=2, verbose=0)


def state(vae):
    """All that training changes."""
    return [*vae.variables, *vae.optimizer.variables]


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """name -> `Run`, made when first asked for; not to be trained further."""
    runs = {}

    def run(name):
        if name not in runs:
            runs[name] = _run(name, tmp_path_factory.mktemp(name))
        return runs[name]

    return run


def _run(name, folder):
    vae, x = small(name), data(name, 16)  # no smaller last batch: it would be compiled apart
    vae.compile(optimizer(), jit_compile=False)
    vae.optimizer.build(vae.trainable_variables)
    beginning = values(state(vae))
    checkpoint = keras.callbacks.ModelCheckpoint(str(folder / "{epoch}.keras"))
    validation = (cut(x, slice(5)),)
    got = vae.fit(
        x, batch_size=8, epochs=2, validation_data=validation, callbacks=checkpoint, verbose=0
    )
    return Run(vae, got.history, str(folder / "1.keras"), x, beginning)


@pytest.fixture(scope="module")
def exported(user_variants, trained, tmp_path_factory):
    """name -> folder of its SavedModel."""
    folders = {name: tmp_path_factory.mktemp("export") / name for name in VARIANTS}
    for name, folder in folders.items():
        trained(name).vae.export(folder)
    return folders
