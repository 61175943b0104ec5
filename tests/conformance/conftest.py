"""A user's variant in the catalogue, and for each variant the models that many tests share."""

import contextlib
import dataclasses
import pathlib

import keras
import pytest

import zoo
from tests.conformance.outputs import eagerly, keras_outputs
from tests.conformance.variants import OWN, VARIANTS
from tests.helpers import data, optimizer, small, values, without_mask
from zoo.core.nested import take_rows

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="module", autouse=True)
def user_variants():
    """Register the user's variants for these tests alone: others read the catalogue as it ships."""
    for name, builder in OWN.items():
        zoo.register(name, builder, data="tables", summary="a user's own")
    yield
    for name in OWN:
        zoo.unregister(name)


@dataclasses.dataclass(frozen=True)
class Run:
    """Two epochs of training, compiled as users compile by default, each of which was saved."""

    vae: object
    history: dict
    first_epoch: str
    second_epoch: str
    x: object
    beginning: list

    def repeat(self):
        """Train the same model once more from its first state, without compiling anything."""
        restore(self.vae, self.beginning)
        self.vae.fit(self.x, batch_size=8, epochs=2, verbose=0)


def state(vae):
    """All variables that training changes."""
    return [*vae.variables, *vae.optimizer.variables]


def restore(vae, arrays):
    """Assign the values that `values(state(vae))` returned."""
    for variable, value in zip(state(vae), arrays, strict=True):
        variable.assign(value)


CACHES = []


def cached(function):
    """`function` of a name, called once for each name until the last test of this folder."""
    results = {}
    CACHES.append(results)

    def lookup(name):
        if name not in results:
            results[name] = function(name)
        return results[name]

    return lookup


def pytest_runtest_teardown(nextitem):
    """Let go of the models, or their graphs stay in memory until the end of the session."""
    if nextitem is None or nextitem.path.parent != HERE:
        for results in CACHES:
            results.clear()


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """name -> `Run`, made at the first request; not to be trained further."""
    return cached(lambda name: _run(name, tmp_path_factory.mktemp(name)))


def _run(name, folder):
    vae = small(name, run_eagerly=False)
    vae.compile(optimizer())
    x = data(name, 16)
    vae.optimizer.build(vae.trainable_variables)
    beginning = values(state(vae))
    checkpoint = keras.callbacks.ModelCheckpoint(str(folder / "{epoch}.keras"))
    validation = (take_rows(x, slice(5)),)
    history = vae.fit(
        x, batch_size=8, epochs=2, validation_data=validation, callbacks=checkpoint, verbose=0
    ).history
    first, second = (str(folder / f"{epoch}.keras") for epoch in (1, 2))
    return Run(vae, history, first, second, x, beginning)


@pytest.fixture
def run(trained, name):
    """The `Run` of a test's model, to be asked: compiled as users do, if it is a variant.

    The functions of the others differ from a variant's in the factors alone, which the compiled
    training contains.
    """
    answers = contextlib.nullcontext if name in VARIANTS else eagerly
    with answers(trained(name).vae):
        yield trained(name)


@pytest.fixture(scope="session")
def eager_models():
    return cached(lambda name: _eager_model(small(name)))


def _eager_model(vae):
    vae.compile(optimizer(), run_eagerly=True)
    vae.optimizer.build(vae.trainable_variables)
    return vae, vae.optimizer, values(state(vae))


@pytest.fixture(scope="session")
def eager(eager_models):
    """name -> a model that runs eagerly, with the initial state of its weights and optimizer.

    The same object for every test and every call: one at a time.
    """

    def model(name):
        vae, of_all_tests, beginning = eager_models(name)
        # Making its variables anew takes longer than a step.
        vae.compile(of_all_tests, run_eagerly=True)
        restore(vae, beginning)
        return vae

    return model


@dataclasses.dataclass(frozen=True)
class EagerRun:
    """The training of a `Run`, step by step without any graph; the first epoch was saved."""

    vae: object
    first_epoch: str


@pytest.fixture(scope="session")
def eagerly_trained(trained, tmp_path_factory):
    """name -> `EagerRun`."""

    def train(name):
        folder = tmp_path_factory.mktemp(f"eager_{name}")
        vae = small(name)
        vae.compile(optimizer(), run_eagerly=True)
        checkpoint = keras.callbacks.ModelCheckpoint(str(folder / "{epoch}.keras"))
        x = trained(name).x
        vae.fit(x, batch_size=8, epochs=2, callbacks=checkpoint, verbose=0)
        return EagerRun(vae, str(folder / "1.keras"))

    return cached(train)


@pytest.fixture(scope="session")
def loaded(trained):
    """name -> the trained model, saved and loaded."""
    return cached(lambda name: keras.models.load_model(trained(name).second_epoch))


@pytest.fixture(scope="session")
def outputs(trained):
    """name -> results of the trained model for its x, of which nothing is missing."""
    return cached(lambda name: keras_outputs(trained(name).vae, without_mask(trained(name).x)))


@pytest.fixture(scope="module")
def exported(user_variants, trained, tmp_path_factory):
    """name -> folder of its SavedModel, written when a test first asks for it."""

    def export(name):
        folder = tmp_path_factory.mktemp("export") / name
        trained(name).vae.export(folder)
        return folder

    return cached(export)
