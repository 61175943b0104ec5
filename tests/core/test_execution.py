"""The record of whether XLA compiles what is traced."""

import pytest

from zoo.core import execution


def test_xla_may_compile_unless_a_model_recorded_otherwise():
    assert execution.xla_may_compile()
    with execution.tracing(jit_compile=False):
        assert not execution.xla_may_compile()
        with execution.tracing(jit_compile=True):
            assert execution.xla_may_compile()
        assert not execution.xla_may_compile()
    assert execution.xla_may_compile()


def test_the_record_ends_with_an_error():
    with pytest.raises(KeyError), execution.tracing(jit_compile=False):
        raise KeyError

    assert execution.xla_may_compile()
