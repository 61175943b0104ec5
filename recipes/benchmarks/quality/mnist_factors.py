"""Quality: what richer posteriors, priors, bounds and ladders gain on dynamically binarised MNIST.

All models share one residual dense encoder (a ladder's has its levels' layers in the same body),
the optimizer, the epochs and the warm-up of beta; none is selected on the test set. log p(x) is
estimated by importance sampling on test images that are binarised once with a fixed seed, the same
ones for each model.

    python recipes/benchmarks/quality/mnist_factors.py --data-dir DIR --out OUT --models normal iaf
    python recipes/benchmarks/quality/mnist_factors.py --out OUT --table

where DIR is a TFDS data_dir that holds mnist. What was trained before is not trained again.
`docs/results.md` has recorded runs.
"""

import argparse
import json
import pathlib
import sys
import time

import keras
import numpy as np

import zoo

HIDDEN, LATENT_DIM = 256, 40
LIKELIHOOD = "binarized_bernoulli"
SLICE = 250  # images whose bound is computed before the next line of progress


def single(seed, objective=None, **factors):
    """One stochastic layer."""
    encoder = zoo.encoders.DenseLadderEncoder(LATENT_DIM, lower_levels=0, hidden=HIDDEN, depth=2)
    return zoo.VAE(
        zoo.SingleLatent(encoder, **factors),
        zoo.decoders.DenseDecoder(hidden=(HIDDEN,) * 3, likelihood=LIKELIHOOD),
        objective=objective or zoo.objectives.ELBO((zoo.objectives.KL(),)),
        steps_per_call=32,
        seed=seed,
    )


def ladder(seed, level_dims):
    """A ladder whose encoder has as many layers as it has levels to leave features for."""
    return zoo.get(
        "dense_ladder_vae",
        latent_dim=LATENT_DIM,
        level_dims=level_dims,
        hidden=HIDDEN,
        likelihood=LIKELIHOOD,
        seed=seed,
    )


MODELS = {
    "normal": single,
    "iaf": lambda seed: single(seed, flow=zoo.flows.InverseAutoregressiveFlow()),
    "coupling": lambda seed: single(seed, flow=zoo.flows.CouplingFlow()),
    "spline": lambda seed: single(seed, flow=zoo.flows.SplineCouplingFlow()),
    "sylvester": lambda seed: single(seed, flow=zoo.flows.SylvesterFlow()),
    "vamp": lambda seed: single(seed, prior=zoo.VampPrior(LATENT_DIM, 500)),
    "flow prior": lambda seed: single(seed, prior=zoo.FlowPrior(LATENT_DIM)),
    "iwae": lambda seed: single(seed, zoo.objectives.ImportanceWeighted(5)),
    "dreg": lambda seed: single(seed, zoo.objectives.DoublyReparameterized(5)),
    "ladder 2": lambda seed: ladder(seed, (40,)),
    "ladder 3": lambda seed: ladder(seed, (40, 40)),
}


def main():
    """Train and evaluate what is asked for, one JSON file for each; or print the table of all."""
    args = parser().parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.table:
        print(table(args.out))
        return
    train, test = load(args.data_dir)
    test = np.asarray(zoo.binarize(test, seed=0))
    for name in args.models:
        for seed in args.seeds:
            path = args.out / f"{name.replace(' ', '_')}-{seed}.json"
            if not path.exists():
                vae, found = fit(name, seed, train, args)
                found.update(evaluate(vae, test, args))
                path.write_text(json.dumps(found, indent=2) + "\n")
                print(json.dumps(found), flush=True)


def fit(name, seed, train, args):
    """Train with one cosine of the learning rate: the model, and what it took."""
    keras.utils.set_random_seed(seed)
    vae = MODELS[name](seed)
    vae.build((None, 28, 28, 1))
    per_epoch = -(-len(train) // args.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, args.epochs * per_epoch, warmup_target=args.learning_rate, warmup_steps=500
    )
    vae.compile(zoo.FusedAdam(rate, global_clipnorm=300.0))
    callbacks = [keras.callbacks.CSVLogger(args.out / f"{name.replace(' ', '_')}-{seed}.csv")]
    if "kl" in [term.name for term in vae.objective.terms]:
        callbacks.append(zoo.Anneal(zoo.callbacks.linear(args.warmup * per_epoch)))
    wall, cpu = time.time(), time.process_time()
    vae.fit(train, epochs=args.epochs, batch_size=args.batch_size, callbacks=callbacks, verbose=0)
    vae.save(args.out / f"{name.replace(' ', '_')}-{seed}.keras")
    return vae, {
        "model": name,
        "seed": seed,
        "epochs": args.epochs,
        "parameters": vae.count_params(),
        "wall_minutes": (time.time() - wall) / 60,
        "core_minutes": (time.process_time() - cpu) / 60,
    }


def evaluate(vae, test, args):
    """ELBO, KL and active units on all of `test`; the importance-weighted bound on its first."""
    numbers = vae.evaluate(test, batch_size=500, verbose=0, return_dict=True)
    bound, chosen = [], test[: args.evaluate]
    for number, part in enumerate(np.array_split(chosen, -(-len(chosen) // SLICE))):
        # Another seed for each slice: the same one would repeat the noise.
        bound.append(vae.log_likelihood(part, samples=args.samples, seed=number, batch_size=64))
        found = np.concatenate(bound)
        print(f"{len(found)} images: {found.mean():.3f} nats", file=sys.stderr, flush=True)
    return {
        **{name: float(value) for name, value in numbers.items()},
        "log_likelihood": float(found.mean()),
        "log_likelihoods": found.tolist(),
        "importance_samples": args.samples,
        "evaluated": len(found),
    }


def table(folder):
    """One row for each model: mean and deviation over seeds; gains are paired by seed."""
    runs = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    by_model = {name: [r for r in runs if r["model"] == name] for name in MODELS}
    plain = {run["seed"]: run["log_likelihood"] for run in by_model["normal"]}
    rows = [
        "| model | log p(x) | gain over Normal | ELBO | KL | weights | core-min | seeds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, found in by_model.items():
        if found:
            gains = [r["log_likelihood"] - plain[r["seed"]] for r in found if r["seed"] in plain]
            cells = [spread([r[key] for r in found]) for key in ("log_likelihood",)]
            cells += [spread(gains), spread([r["elbo"] for r in found])]
            cells += [spread([r["kl"] for r in found]), f"{found[0]['parameters']:,}"]
            cells += [f"{np.mean([r['core_minutes'] for r in found]):.1f}", str(len(found))]
            rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def spread(values):
    """Mean and, of several, standard deviation."""
    if len(values) < 2:
        return f"{np.mean(values):.2f}" if values else ""
    return f"{np.mean(values):.2f} +- {np.std(values, ddof=1):.2f}"


def load(data_dir):
    """MNIST from TFDS: two float32 arrays in [0, 1], `[N, 28, 28, 1]`."""
    import tensorflow_datasets as tfds

    parts = tfds.load("mnist", split=["train", "test"], data_dir=data_dir, batch_size=-1)
    return [part["image"].numpy().astype("float32") / 255 for part in parts]


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--data-dir", help="TFDS data_dir that holds mnist")
    p.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), metavar="MODEL")
    p.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    p.add_argument("--epochs", type=int, default=40, help="the learning rate's one cosine")
    p.add_argument("--batch-size", type=int, default=128)
    p.add_argument("--learning-rate", type=float, default=1e-3, help="peak of the cosine")
    p.add_argument("--warmup", type=int, default=5, help="epochs in which beta goes from 0 to 1")
    p.add_argument("--samples", type=int, default=5000, help="importance samples")
    p.add_argument("--evaluate", type=int, default=1000, help="how many test images")
    p.add_argument("--out", type=pathlib.Path, required=True, help="folder for results")
    p.add_argument("--table", action="store_true", help="print what is in the folder")
    return p


if __name__ == "__main__":
    main()
