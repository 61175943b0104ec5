"""Options that variants share: signature, documentation, errors."""

import inspect

import pytest

import zoo
from zoo.variants.common import Shared, with_shared_options

SHARED = [*inspect.signature(Shared).parameters]


@with_shared_options("prior", "seed")
def tiny(*, width=3, shared):
    """A builder.

    Args:
        width: its own option.
    """
    return width, shared


def test_shared_options_join_the_signature_after_a_variants_own():
    assert [*inspect.signature(tiny).parameters] == ["width", "prior", "seed"]


def test_all_shared_options_are_the_default():
    @with_shared_options()
    def every(*, shared):
        """A builder.

        Args:
        """
        return shared

    assert [*inspect.signature(every).parameters] == SHARED


def test_options_reach_the_builder_by_kind():
    width, shared = tiny(width=5, seed=7)

    assert width == 5
    assert shared == Shared(seed=7)


def test_the_docstring_describes_each_option_once():
    lines = [line.split(":")[0].strip() for line in inspect.getdoc(tiny).splitlines()]

    assert [line for line in lines if line in ("width", "prior", "seed", "beta")] == [
        "width",
        "prior",
        "seed",
    ]


@pytest.mark.parametrize("name", zoo.available())
def test_every_option_of_a_variant_is_described(name):
    builder = zoo.builder(name)
    described = inspect.getdoc(builder).partition("Args:\n")[2]

    for option in inspect.signature(builder).parameters:
        assert f"{option}" in described, option


@pytest.mark.parametrize("name", zoo.available())
def test_a_variant_has_at_most_ten_options_of_its_own(name):
    builder = zoo.builder(name)
    own = {*inspect.signature(builder).parameters} - {*SHARED}

    assert len(own) <= 10, own


def test_an_unknown_option_suggests_the_nearest():
    with pytest.raises(TypeError, match=r"tiny has no option 'widht'; did you mean 'width'\?"):
        tiny(widht=3)


def test_an_option_that_a_variant_does_not_share_is_refused():
    with pytest.raises(TypeError, match="tiny has no option 'flow'"):
        tiny(flow="iaf")


def test_beta_belongs_to_the_objective_that_is_given():
    with pytest.raises(ValueError, match="beta must be 1 where an objective is given, got 2"):
        zoo.get("dense_vae", objective="iwae", beta=2)
