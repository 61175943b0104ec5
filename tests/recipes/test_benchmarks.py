"""Functions that the benchmarks share, and the comparison of default options."""

import inspect
import json
import math
import pathlib
import sys
import types

import keras
import numpy as np
import pytest

import zoo

for package in ("pandas", "PIL"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


@pytest.fixture
def shared(recipe):
    return recipe("benchmarks.quality.shared")


def test_rows_to_evaluate_are_a_random_choice_by_the_seed(shared):
    rows = shared.random_rows(1000, 50, seed=3)

    assert len({*rows}) == 50 and rows.max() > 500
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, shared.random_rows(1000, 50, seed=3))
    assert {*rows} != {*shared.random_rows(1000, 50, seed=4)}
    np.testing.assert_array_equal(shared.random_rows(5, 50, seed=3), range(5))


def test_images_of_a_users_file_are_read(shared, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8)).astype("uint8")
    np.save(tmp_path / "images.npy", images)
    args = types.SimpleNamespace(dataset="mnist", data=tmp_path / "images.npy", data_dir=None)

    train, test = shared.image_parts(args)

    assert len(train) + len(test) == 40 and len(test)
    assert train.shape[1:] == (8, 8, 1) and train.dtype == np.float32
    assert {*train.ravel(), *test.ravel()} <= {*(np.arange(256, dtype="float32") / 255)}


def test_the_benchmark_of_a_gpu_trains_and_measures(recipe, monkeypatch, tmp_path):
    policy = "mixed_bfloat16"
    quality = pathlib.Path(recipe("benchmarks.quality.shared").__file__).parent
    monkeypatch.syspath_prepend(str(quality))
    script = recipe("gpu_likelihood")
    flags = ["--tags", "dense_vae/wine", "--policies", policy, "--minutes", "0", "--steps", "2"]
    flags += ["--evaluate", "4", "--samples", "2", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["gpu_likelihood.py", *flags])

    script.main()

    result = json.loads((tmp_path / "result.json").read_text())["tags"]["dense_vae/wine"]
    assert result["policy"] == policy and len(result["images_per_second"]) == 2
    assert result["epochs"] == 1 and result["images"] == 4 and math.isfinite(result["error"])
    vae = keras.models.load_model(tmp_path / "dense_vae-wine" / "model.keras")
    assert vae.encoder.dtype_policy.name == "float32"


def test_short_trainings_have_short_warm_ups(recipe, monkeypatch):
    quality = pathlib.Path(recipe("benchmarks.quality.shared").__file__).parent
    monkeypatch.syspath_prepend(str(quality))
    specs, fitted = recipe("support.pretraining.specs").SPECS, recipe("gpu_likelihood").fitted
    plan = specs["ladder_vae/fashion_mnist"].training

    short, long = (fitted(plan, epochs) for epochs in (0.2, 300.7))

    assert (short.epochs, short.beta_warmup) == (1, 0)
    assert (long.epochs, long.beta_warmup) == (300, plan.beta_warmup)
    two_phases = fitted(specs["conv_vae/mnist"].training, 34.6)  # a tenth of 135 + 5 * 42 epochs
    assert (two_phases.epochs, two_phases.importance_epochs) == (13, 4)


def test_a_missing_package_ends_in_one_line_with_the_command_that_installs_it(shared):
    with pytest.raises(SystemExit, match=r"error: No module named 'nowhere'; .* pip install now"):
        shared.required("nowhere.x", "pip install nowhere")


@pytest.fixture
def comparison(recipe, shared, monkeypatch):
    monkeypatch.syspath_prepend(str(pathlib.Path(shared.__file__).parent))
    return recipe("benchmarks.quality.default_options")


@pytest.fixture
def default_options(comparison, monkeypatch):
    tiny = {"widths": (2,), "hidden": 3, "latent_dim": 2}
    changes = {"defaults": tiny, "batches of 4": {**tiny, "batch_size": 4}}
    monkeypatch.setattr(comparison, "CHANGES", {"conv_vae": changes})
    return comparison


def test_changes_of_default_options_differ_from_the_defaults(comparison):
    for variant, changes in comparison.CHANGES.items():
        defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(zoo.builder(variant)).parameters.items()
        }
        for change in changes.values():
            for option in change.keys() - {*comparison.TRAINING}:
                assert change[option] != defaults[option], (variant, change)


@pytest.mark.usefixtures("quick")
def test_changes_of_an_option_are_trained_once_and_compared(
    default_options, tmp_path, monkeypatch, capsys
):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, (160, 8, 8), "uint8"))
    command = f"script --data {tmp_path}/x.npy --seconds 0 --seeds 0 1 --out {tmp_path}/out.json"
    monkeypatch.setattr("sys.argv", command.split())

    default_options.main()
    table = capsys.readouterr().out
    monkeypatch.setattr(default_options, "trained", None)
    default_options.main()

    assert capsys.readouterr().out == table
    # Two steps each: processor time counts from the first.
    results = json.loads((tmp_path / "out.json").read_text())
    images = {name: result["images"] for name, result in results.items()}
    assert images["conv_vae, defaults, 0 s, seed 1"] == 2 * 64
    assert images["conv_vae, batches of 4, 0 s, seed 0"] == 2 * 4
    gains = [
        results[f"conv_vae, batches of 4, 0 s, seed {seed}"]["elbo"]
        - results[f"conv_vae, defaults, 0 s, seed {seed}"]["elbo"]
        for seed in (0, 1)
    ]
    assert f"| {np.mean(gains):.2f} +- {np.std(gains, ddof=1):.2f} | 8 |" in table


def test_the_learning_rate_falls_with_the_processor_time_used(default_options, monkeypatch):
    model = types.SimpleNamespace(
        optimizer=types.SimpleNamespace(learning_rate=0.5), stop_training=False
    )
    clock, seconds, rates = default_options.ProcessorTime(10, peak=0.5), iter((3, 8, 13)), []
    clock.set_model(model)
    monkeypatch.setattr(
        default_options, "time", types.SimpleNamespace(process_time=lambda: next(seconds))
    )

    for batch in range(3):
        assert not model.stop_training
        clock.on_train_batch_end(batch)
        rates.append(model.optimizer.learning_rate)

    assert model.stop_training
    assert rates == pytest.approx([0.5, 0.25, 0.25])


@pytest.fixture
def table_benchmark(recipe, shared, monkeypatch):
    """table_benchmark(name) is a script about tables."""
    monkeypatch.syspath_prepend(str(pathlib.Path(shared.__file__).parent))
    return lambda name: recipe(f"benchmarks.quality.{name}")


def test_the_gaussian_copula_keeps_columns_correlations_and_shares(table_benchmark):
    script, rng = table_benchmark("synthetic_tables"), np.random.default_rng(0)
    x = rng.normal(size=2000)
    frame = sys.modules["pandas"].DataFrame(
        {"x": np.exp(x).round(3), "y": (10 * x).astype(int), "c": np.where(x > 1, "a", "b")}
    )

    drawn, _ = script.gaussian_copula(frame, 0, None)

    assert (drawn.dtypes == frame.dtypes).all() and len(drawn) == 2000
    assert drawn["y"].between(frame["y"].min(), frame["y"].max()).all()
    assert drawn["x"].corr(drawn["y"], "spearman") > 0.95
    assert (drawn["c"] == "a").mean() == pytest.approx((frame["c"] == "a").mean(), abs=0.03)


def test_tables_of_the_benchmarks_have_means_and_what_is_measured(table_benchmark):
    script = table_benchmark("synthetic_tables")
    rows = [
        {"data": d, "seed": s, "method": "zoo", "utility": 0.8 + s / 10, "utility of real": 0.9}
        for d in ("a", "b")
        for s in (0, 1)
    ]

    lines = script.table(rows, "utility", ["zoo"]).splitlines()

    assert lines[0] == "| utility | zoo | real |" and len(lines) == 5
    assert lines[2] == "| a | 0.850 +- 0.071 | 0.900 +- 0.000 |"
    assert lines[-1] == "| mean | 0.850 | 0.900 |"


def test_hidden_values_have_their_rate_and_may_depend_on_the_value(table_benchmark):
    script = table_benchmark("imputation")
    frame = sys.modules["pandas"].DataFrame(np.random.default_rng(0).normal(size=(4000, 2)))

    random, large = (script.hidden(frame, name, 0.3, 0) for name in script.MECHANISMS)

    for where in (random, large):
        assert where.mean() == pytest.approx(0.3, abs=0.02)
    assert abs(frame.to_numpy()[random].mean()) < 0.06 < 0.3 < frame.to_numpy()[large].mean()
    row = script.run(frame, ("x", "random", 0.3, 0, "mean"))
    assert row["error"] == pytest.approx(1.0, abs=0.05) and "coverage" not in row
