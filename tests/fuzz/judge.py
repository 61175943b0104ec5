"""Runs one call and judges how it ended."""

import contextlib
import dataclasses
import dis
import functools
import hashlib
import io
import pathlib
import resource
import signal
import time
import traceback
import types
import warnings

import keras
import numpy as np
import tensorflow as tf

ROOT = pathlib.Path(__file__).parents[2]
OURS = tuple(str(ROOT / name) + "/" for name in ("zoo", "recipes"))
ALLOWED = (ValueError, TypeError, OSError, ImportError, FloatingPointError)
SECONDS = 20  # of processor time; a call of these sizes takes less than one
WALL_SECONDS = 300  # for a call that waits, also where other processes take most of the machine
BYTES = 6 << 30
KERAS = str(pathlib.Path(keras.__file__).parent) + "/"
VALUES = str(pathlib.Path(__file__).parent) + "/values.py"  # whose functions raise their own
RAISING = {dis.opmap["RAISE_VARARGS"], dis.opmap["RERAISE"]}


class Overtime(BaseException):
    """A call that took too long; not an `Exception`, so that no `except` in the call stops it."""


@dataclasses.dataclass
class Outcome:
    result: object = None
    error: BaseException | None = None
    problem: str | None = None  # what makes it a finding

    @property
    def text(self):
        if self.error is None:
            return ""
        return "".join(traceback.format_exception(self.error, limit=-8, chain=False))[-3000:]


@contextlib.contextmanager
def bounds(seconds=SECONDS, wall_seconds=WALL_SECONDS):
    """Limits of time and of memory."""

    def stop(number, frame):
        raise Overtime

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + BYTES, hard))
    timers = {signal.ITIMER_PROF: (signal.SIGPROF, seconds)}
    timers[signal.ITIMER_REAL] = signal.SIGALRM, wall_seconds
    previous = {number: signal.signal(number, stop) for number, _ in timers.values()}
    for timer, (_, limit) in timers.items():
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for timer, (number, _) in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, previous[number])
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextlib.contextmanager
def quiet():
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        with contextlib.redirect_stderr(io.StringIO()), np.errstate(all="ignore"):
            yield


def run(function, *args, expected=ALLOWED, of_keras=False, **kwargs):
    """The `Outcome` of a call; with `of_keras`, Keras may refuse its arguments itself."""
    start, outcome = time.process_time(), Outcome()
    try:
        with bounds(), quiet():
            outcome.result = function(*args, **kwargs)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        outcome.error = error
        if not of_a_builtin(error, kwargs):
            outcome.problem = problem(error, expected, of_keras)
    seconds = time.process_time() - start
    if seconds > SECONDS and outcome.problem is None:
        outcome.problem = f"took {seconds:.0f} s of processor time"
    return outcome


def problem(error, expected=ALLOWED, of_keras=False):
    """What is wrong about an error, or None if it is one of the project's own."""
    if isinstance(error, Overtime):
        return f"took more than {SECONDS} s of processor time, or {WALL_SECONDS} s"
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    place = innermost(error)
    code = frame.f_code
    if code is run.__code__ and isinstance(error, TypeError):
        return None  # Python's own, of arguments that do not fit
    if code.co_filename == VALUES or (isinstance(error, TypeError) and "<lambda>" in str(error)):
        return None
    name = type(error).__name__
    if not isinstance(error, expected) and not type(error).__module__.startswith("zoo."):
        return f"{name} in {place}"
    if not code.co_filename.startswith((*OURS, KERAS) if of_keras else OURS):
        return f"{name} raised by {place}"
    if code.co_code[last_instruction(error)] not in RAISING:
        return f"{name} of an operation in {place}"
    try:
        return None if str(error).strip() else f"{name} without a message in {place}"
    except Exception as inner:
        return f"{name} whose message fails with {type(inner).__name__} in {place}"


def of_a_builtin(error, arguments):
    """Whether a built-in function, which has no frame, is an argument and may have raised this."""
    passed = any(isinstance(a, types.BuiltinFunctionType) for a in arguments.values())
    if not (passed and isinstance(error, TypeError)):
        return False
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return dis.opname[frame.f_code.co_code[last_instruction(error)]].startswith("CALL")


def last_instruction(error):
    tb = error.__traceback__
    while tb.tb_next is not None:
        tb = tb.tb_next
    return tb.tb_lasti


def innermost(error):
    """File and function that raised an error, and the last of the project's above it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename.startswith(OURS)]
    text = f"{pathlib.Path(frames[-1].filename).name}:{frames[-1].lineno}"
    if own:
        text += f" via {pathlib.Path(own[-1].filename).relative_to(ROOT)}:{own[-1].lineno}"
    return text


def digest(values):
    """Checksum of the arrays among values, nested as they may be."""
    total = hashlib.sha256()
    for value in keras.tree.flatten(values):
        if isinstance(value, np.ndarray) and value.dtype != object:
            total.update(np.ascontiguousarray(value).tobytes())
    return total.hexdigest()


def state(model):
    """Checksum of the variables of a model and of its optimizer."""
    variables = [*model.variables, *getattr(model.optimizer, "variables", ())]
    return digest([np.asarray(v.numpy()) for v in variables])


def not_finite(result):
    """Whether a result holds floats that are not finite."""
    for value in keras.tree.flatten(result):
        if hasattr(value, "loc") and hasattr(value, "scale"):
            value = value.loc
        numbers = np.asarray(value) if isinstance(value, np.ndarray | float | tf.Tensor) else None
        if numbers is not None and numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
            return True
    return False


@functools.cache
def unfiltered():
    """Whole tracebacks, so that the innermost frame is the one that raised."""
    keras.config.disable_traceback_filtering()
    tf.debugging.disable_traceback_filtering()
