"""What `recipes/audio_visual.py` leaves in its folder, and what it refuses."""

import json
import pathlib
import wave

import numpy as np
import pytest

from tests.helpers import assert_same, values

for package in ("matplotlib", "sklearn", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

EAGER = True

ROOT = pathlib.Path(__file__).parents[2]
FOLDER = ROOT.parent / "shared" / "data" / "tensorflow_datasets"
TINY = ["--epochs", 1, "--pairs", 64, "--evaluate", 40, "--samples", 2, "--latent-dim", 3]
FIGURES = {"curves", "image_to_sound_to_image", "joint_samples", "latent", "retrieval"}


@pytest.fixture
def run(recipe, tmp_path):
    """Run with a tiny model; the run folder."""

    def run(*flags, status=0):
        asked = [str(f) for f in [*TINY, "--out", tmp_path / "run", *flags]]
        module = recipe("audio_visual")
        assert recipe("support.run.cli").main(module.parser(), module.run, asked) == status
        return tmp_path / "run"

    return run


def check_folder(out):
    """Every file is there, and what metrics.json says of the run."""
    found = json.loads((out / "metrics.json").read_text())
    assert found["finished"]
    assert {path.stem for path in (out / "figures").glob("*.png")} == FIGURES
    assert all(not is_blank(path) for path in (out / "figures").glob("*.png"))
    held_out = found["held_out"]
    numbers = [held_out[n] for n in ("elbo", "nll", "kl", "nll_image", "nll_audio")]
    assert np.isfinite(numbers).all() and held_out["examples"] == 40
    # Two estimates: with fresh noise for each row, and with the same for all.
    assert held_out["nll_image"] + held_out["nll_audio"] == pytest.approx(held_out["nll"], rel=0.05)
    check_retrieval(found["retrieval"], (out / "retrieval.md").read_text())
    return found


def check_retrieval(found, page):
    assert found["pairs"] == 40
    for name in ("sound by image", "image by sound", "digit known", "chance"):
        row = found[name]
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
    found = {path.stem: loudness(path) for path in folder.glob("*.wav")}
    digits = [f"{d}_{what}" for d in range(10) for what in ("true", "from_image")]
    assert {*found} == {*digits, *(f"sample_{i}" for i in range(1, 7))}
    # Of 32767; what a hardly trained model makes is quiet.
    assert min(found.values()) > 50 and min(found[f"{d}_true"] for d in range(10)) > 3000


def test_tones_by_default(run, capsys):
    import keras

    out = run()

    found = check_folder(out)
    check_sounds(out / "sounds")
    assert "synthesised telephone (DTMF)" in found["data"]["description"]
    assert found["data"]["train"] == 64 and found["data"]["held_out"] == 40
    assert found["data"]["event_shape"] == {"image": [28, 28, 1], "audio": [40, 40, 1]}
    likelihoods = {"image": "Bernoulli", "audio": "SharedScaleNormal"}
    assert found["model"]["likelihood"] == likelihoods
    output = capsys.readouterr().out
    assert "synthesised" in output and "sound by image" in output and "held-out log p(x)" in output
    vae = keras.models.load_model(out / "model.keras")
    x = np.zeros((2, 28, 28, 1), "float32")
    assert vae.translate({"image": x}, to="audio").shape == (2, 40, 40, 1)
    assert (out / "saved_model").is_dir()


def test_another_fusion(run, recipe, monkeypatch):
    monkeypatch.setattr(recipe("support.run.run").saving, "save", lambda vae, folder: None)

    out = run("--no-report", "--fusion", "mixture_of_products", "--alignment", 1, "--subsets", 0.5)

    check_folder(out)
    check_sounds(out / "sounds")
    assert "alignment" in (out / "history.csv").read_text().splitlines()[0]


def test_the_seed_says_how_weights_begin(recipe, tmp_path):
    module = recipe("audio_visual")
    flags = [str(f) for f in (*TINY, "--out", tmp_path / "run")]
    x = {"image": np.zeros((1, 28, 28, 1)), "audio": np.zeros((1, 40, 40, 1))}

    def weights():
        folder = recipe("support.run.run").Run("audio_visual", module.parser().parse_args(flags))
        return values(module.model(folder, x).variables)

    assert_same(weights(), weights())


class Knowing:
    """Stands in for a VAE whose code is the digit, and nothing else."""

    def encode(self, x, batch_size):
        class Posterior:
            loc = next(iter(x.values()))

        return Posterior


def test_a_model_that_knows_the_digit_finds_as_much_as_is_said(recipe):
    labels = np.random.default_rng(0).integers(0, 3, 40)
    codes = labels[:, None].astype("float32")

    found = recipe("support.results.audio_visual").search(
        Knowing(), {"image": codes, "audio": codes}, labels
    )

    for name in ("sound by image", "image by sound"):
        assert found[name] == pytest.approx(found["digit known"])
    none = np.zeros_like(codes)
    found = recipe("support.results.audio_visual").search(
        Knowing(), {"image": none, "audio": none}, labels
    )
    assert found["sound by image"] == pytest.approx(found["chance"])


def test_few_pairs_are_searched_too(recipe):
    labels = np.array([3, 1, 3])
    codes = labels[:, None].astype("float32")

    found = recipe("support.results.audio_visual").search(
        Knowing(), {"image": codes, "audio": codes}, labels
    )

    assert found["digit known"]["recall@1"] == pytest.approx(2 / 3)
    assert "precision@1 by digit" in found["chance"]


def refusal(recipe, capsys, *arguments):
    """The one line with which the recipe refuses its arguments."""
    module = recipe("audio_visual")
    with pytest.raises(SystemExit) as stopped:
        recipe("support.run.cli").main(module.parser(), module.run, [str(a) for a in arguments])
    assert stopped.value.code == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--variant", "conv_vae"], "--variant: conv_vae is for images, expected one for modal"),
        (["--variant", "multimodal_vea"], "--variant: "),
        (["--subsets", "1.5"], "--subsets: must be from 0 to 1, got 1.5"),
        (["--fusion", "concatenation"], "--fusion: invalid choice"),
        (["--option", "fusion=concatenation"], "--option: fusion needs all modalities"),
        (["--option", "width=3"], "--option: multimodal_vae has no option 'width'"),
    ],
)
def test_options_that_are_refused(recipe, capsys, tmp_path, flags, message):
    assert message in refusal(recipe, capsys, "--pairs", 20, "--out", tmp_path / "run", *flags)
    assert not (tmp_path / "run").exists()


def test_folders_without_the_data_are_refused(recipe, capsys, tmp_path):
    pytest.importorskip("tensorflow_datasets")
    out = ["--out", tmp_path / "run"]

    line = refusal(recipe, capsys, "--data-dir", tmp_path / "nowhere", *out)
    assert line.startswith("audio_visual.py: error: --data-dir: ") and "is no folder" in line
    line = refusal(recipe, capsys, "--data-dir", tmp_path, *out)
    assert "holds no mnist; expected what `tfds build mnist" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(not FOLDER.is_dir(), reason="needs ../shared/data/tensorflow_datasets")
def test_spoken_digits_up_to_training(run, recipe, monkeypatch):
    pytest.importorskip("tensorflow_datasets")
    run_folder, seen = recipe("support.run.run"), {}

    def train(self, vae, train, valid, *callbacks):
        seen.update(vae=vae, train=train)
        self.begin()
        return run_folder.Outcome(error="nothing was trained")

    monkeypatch.setattr(run_folder.Run, "train", train)

    out = run("--data-dir", FOLDER, status=1)

    found = json.loads((out / "metrics.json").read_text())["data"]
    assert found["name"] == "MNIST and spoken digits" and "theo" in found["description"]
    assert found["train"] == 64 and seen["train"]["audio"].shape == (64, 40, 40, 1)
    assert seen["vae"].latents.prior.components == 6
