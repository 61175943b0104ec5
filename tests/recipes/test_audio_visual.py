"""`audio_visual.py`: whole runs, retrieval scores, and options that are refused."""

import dataclasses
import functools
import json
import pathlib
import wave

import numpy as np
import pytest

from tests.helpers import assert_same, values

for package in ("matplotlib", "sklearn", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

TINY = ["--epochs", 1, "--pairs", 64, "--evaluate", 40, "--samples", 2, "--latent-dim", 3]
FIGURES = {"curves", "image_to_sound_to_image", "joint_samples", "latent", "retrieval"}


@pytest.fixture
def run(start, tmp_path):
    """run(*flags) is the folder of a run with a tiny model."""

    def run(*flags, status=0):
        assert start("audio_visual", *TINY, "--out", tmp_path / "run", *flags) == status
        return tmp_path / "run"

    return run


@pytest.fixture
def trained_with(recipe, monkeypatch):
    """The model and the data that the recipe would train; it trains nothing."""
    module, arguments = recipe("support.run.run"), {}

    def train(self, vae, train, valid, *callbacks):
        arguments.update(vae=vae, train=train)
        self.begin()
        return module.Outcome(error="nothing was trained")

    monkeypatch.setattr(module.Run, "train", train)
    return arguments


def check_folder(out):
    """Check the files and metrics.json of a run; return the latter."""
    record = json.loads((out / "metrics.json").read_text())
    assert record["finished"]
    assert {path.stem for path in (out / "figures").glob("*.png")} == FIGURES
    assert all(not is_blank(path) for path in (out / "figures").glob("*.png"))
    held_out = record["held_out"]
    numbers = [held_out[n] for n in ("elbo", "nll", "kl", "nll_image", "nll_audio")]
    assert np.isfinite(numbers).all() and held_out["examples"] == 40
    # Two estimates, one with noise for each row and one with the same noise for all rows.
    assert held_out["nll_image"] + held_out["nll_audio"] == pytest.approx(held_out["nll"], rel=0.05)
    check_retrieval(record["retrieval"], (out / "retrieval.md").read_text())
    return record


def check_retrieval(scores, page):
    assert scores["pairs"] == 40
    for name in ("sound by image", "image by sound", "digit known", "chance"):
        row = scores[name]
        assert row["recall@1"] <= row["recall@5"] <= row["recall@10"] <= 1
        assert row["recall@1"] <= row["mean reciprocal rank"] <= 1
        assert f"| {name} | {row['recall@1']:.3f} |" in page


def is_blank(path):
    from matplotlib import image

    return image.imread(path)[..., :3].std() < 0.01


def loudness(path):
    with wave.open(str(path)) as file:
        assert file.getframerate() == 8000 and file.getnframes() == 39 * 128
        return np.abs(np.frombuffer(file.readframes(39 * 128), "<i2").astype(int)).max()


def check_sounds(folder):
    sounds = {path.stem: loudness(path) for path in folder.glob("*.wav")}
    digits = [f"{d}_{kind}" for d in range(10) for kind in ("true", "from_image")]
    assert {*sounds} == {*digits, *(f"sample_{i}" for i in range(1, 7))}
    # The maximum is 32767; sounds of a model that is hardly trained are quiet.
    assert min(sounds.values()) > 50 and min(sounds[f"{d}_true"] for d in range(10)) > 3000


@pytest.mark.usefixtures("quick")
def test_run_with_tones_writes_all_results(run, recipe, exported, reported, capsys, monkeypatch):
    import keras

    spectrograms = recipe("support.data.spectrograms")
    inverse = functools.partial(spectrograms.waveform, steps=3)
    monkeypatch.setattr(spectrograms, "waveform", inverse)

    out = run()

    record = check_folder(out)
    check_sounds(out / "sounds")
    assert "synthesised telephone (DTMF)" in record["data"]["description"]
    assert record["data"]["train"] == 64 and record["data"]["held_out"] == 40
    assert record["data"]["event_shape"] == {"image": [28, 28, 1], "audio": [40, 40, 1]}
    likelihoods = {"image": "Bernoulli", "audio": "SharedScaleNormal"}
    assert record["model"]["likelihood"] == likelihoods
    output = capsys.readouterr().out
    assert "synthesised" in output and "sound by image" in output and "held-out log p(x)" in output
    vae = keras.models.load_model(out / "model.keras")
    x = np.zeros((2, 28, 28, 1), "float32")
    assert vae.translate({"image": x}, to="audio").shape == (2, 40, 40, 1)
    # Once after training, and once more with the prior that was fitted to the codes.
    assert (out / "saved_model").is_dir() and len(exported) == 2
    assert len(reported) == 1 and len(reported[0]["labels"]) == 40


def test_fusion_alignment_and_subsets_reach_the_model(run, trained_with):
    run("--fusion", "mixture_of_products", "--alignment", 1, "--subsets", 0.5, status=1)

    vae = trained_with["vae"]
    assert type(vae.latents.encoder.fusion).__name__ == "MixtureOfProducts"
    assert "alignment" in [term.name for term in vae.objective.terms]
    assert vae.input_noise is not None


def test_seed_determines_the_initial_weights(recipe, tmp_path):
    module = recipe("audio_visual")
    flags = [str(f) for f in (*TINY, "--out", tmp_path / "run")]
    x = {"image": np.zeros((1, 28, 28, 1)), "audio": np.zeros((1, 40, 40, 1))}

    def weights():
        run = recipe("support.run.run").Run("audio_visual", module.parser().parse_args(flags))
        return values(module.model(run, x).variables)

    assert_same(weights(), weights())


class DigitVAE:
    """Stands for a VAE whose code is the digit."""

    def encode(self, x, batch_size):
        class Posterior:
            loc = next(iter(x.values()))

        return Posterior


def test_codes_of_digits_reach_the_scores_of_the_baselines(recipe):
    labels = np.random.default_rng(0).integers(0, 3, 40)
    codes = labels[:, None].astype("float32")

    scores = recipe("support.results.translation").retrieval_scores(
        DigitVAE(), {"image": codes, "audio": codes}, labels
    )

    for name in ("sound by image", "image by sound"):
        assert scores[name] == pytest.approx(scores["digit known"])
    equal = np.zeros_like(codes)
    scores = recipe("support.results.translation").retrieval_scores(
        DigitVAE(), {"image": equal, "audio": equal}, labels
    )
    assert scores["sound by image"] == pytest.approx(scores["chance"])


def test_retrieval_among_fewer_pairs_than_ten(recipe):
    labels = np.array([3, 1, 3])
    codes = labels[:, None].astype("float32")

    scores = recipe("support.results.translation").retrieval_scores(
        DigitVAE(), {"image": codes, "audio": codes}, labels
    )

    assert scores["digit known"]["recall@1"] == pytest.approx(2 / 3)
    assert "precision@1 by digit" in scores["chance"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--variant", "conv_vae"], "--variant: expected a variant for several modalities, got"),
        (["--variant", "multimodal_vea"], "--variant: "),
        (["--subsets", "1.5"], "--subsets: expected a number from 0 to 1, got 1.5"),
        (["--fusion", "concatenation"], "--fusion: invalid choice"),
        (["--option", "fusion=concatenation"], "--option: expected one of product, mixture"),
        (["--option", "width=3"], "--option: multimodal_vae has no option 'width'"),
        (("--pairs", 1), "--pairs: expected at least 2, got 1"),
    ],
)
def test_unusable_option_is_refused(refusal, tmp_path, flags, message):
    out = ["--out", tmp_path / "run"]
    assert message in refusal("audio_visual", "--pairs", 20, *out, *flags)
    assert not (tmp_path / "run").exists()


def test_folder_without_the_data_is_refused(refusal, tmp_path):
    pytest.importorskip("tensorflow_datasets")
    out = ["--out", tmp_path / "run"]

    line = refusal("audio_visual", "--data-dir", tmp_path / "nowhere", *out)
    assert line.startswith("audio_visual.py: error: --data-dir: expected an existing folder")
    line = refusal("audio_visual", "--data-dir", tmp_path, *out)
    assert "expected a prepared mnist, got none in" in line
    assert not (tmp_path / "run").exists()


def test_spoken_digits_are_loaded_and_the_model_built(
    run, trained_with, recipe, tmp_path, monkeypatch
):
    data, calls = recipe("support.data.audio_visual"), []
    texts = {"name": "MNIST and spoken digits", "description": "recordings by theo"}
    pairs = dataclasses.replace(data.tones(64), **texts)
    monkeypatch.setattr(data, "spoken", lambda *arguments: calls.append(arguments) or pairs)

    out = run("--data-dir", tmp_path, status=1)

    ((folder, *others),) = calls
    assert pathlib.Path(folder) == tmp_path and others == [64, 0]
    data = json.loads((out / "metrics.json").read_text())["data"]
    assert data["name"] == "MNIST and spoken digits" and "theo" in data["description"]
    assert data["train"] == 64 and trained_with["train"]["audio"].shape == (64, 40, 40, 1)
    assert trained_with["vae"].latents.prior.components == 6
