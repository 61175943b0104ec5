"""Gain in log p(x) of flows, priors, bounds and ladders on dynamically binarised images: MNIST.

All models have the same residual dense encoder (in a ladder it also has the layers of the levels),
optimizer, epochs and warm-up of beta; nothing is selected on the test set. log p(x) is estimated by
importance sampling on --evaluate test images, a random choice that is binarised once with a fixed
seed, the same for each model.

Needs TFDS' mnist in the folder DIR (default: downloaded), or other grey images:

    python recipes/benchmarks/quality/mnist_factors.py --data-dir DIR --out OUT --models normal iaf
    python recipes/benchmarks/quality/mnist_factors.py --dataset fashion_mnist --out FASHION
    python recipes/benchmarks/quality/mnist_factors.py --out OUT --table

Models that the folder OUT already has are not trained again. `docs/results.md` has results.
"""

import json
import pathlib
import time

import keras
import numpy as np
from shared import (
    add_image_options,
    add_training_options,
    command_line,
    cosine_adam,
    image_parts,
    log_likelihoods,
    mean_and_std,
    random_rows,
    write_json,
)

import zoo

HIDDEN, LATENT_DIM = 256, 40
LIKELIHOOD = "binarized_bernoulli"
SLICE = 250  # images between two lines of progress


def single(seed, objective=None, **factors):
    """A model with one stochastic layer."""
    encoder = zoo.encoders.DenseLadderEncoder(LATENT_DIM, lower_levels=0, hidden=HIDDEN, depth=2)
    return zoo.VAE(
        zoo.SingleLatent(encoder, **factors),
        zoo.decoders.DenseDecoder(hidden=(HIDDEN,) * 3, likelihood=LIKELIHOOD),
        objective=objective or zoo.objectives.ELBO((zoo.objectives.KL(),)),
        auto_compile={"steps_per_execution": 32},
        seed=seed,
    )


def ladder(seed, level_dims):
    """A ladder with these lower levels."""
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
    """Train and evaluate the models, a JSON file each, or print the table."""
    args = parser().parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.table:
        print(table(args.out))
        return
    train, test = image_parts(args)
    print(f"log p(x) of {min(args.evaluate, len(test)):,} of {len(test):,} test images", flush=True)
    test = np.asarray(zoo.binarize(test, seed=0))
    for name in args.models:
        for seed in args.seeds:
            path = args.out / f"{name.replace(' ', '_')}-{seed}.json"
            if not path.exists():
                vae, result = fit(name, seed, train, args)
                result.update(evaluate(vae, test, args))
                write_json(path, result)
                print(json.dumps(result), flush=True)


def fit(name, seed, train, args):
    """Train one model: the model, and the first part of its results."""
    keras.utils.set_random_seed(seed)
    vae = MODELS[name](seed)
    vae.build((None, *train.shape[1:]))
    per_epoch = -(-len(train) // args.batch_size)
    vae.compile(cosine_adam(args.learning_rate, args.epochs * per_epoch))
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
    """ELBO, KL and active units of `test`, and the importance-weighted bound of a random part."""
    numbers = vae.evaluate(test, batch_size=500, verbose=0, return_dict=True)
    rows = random_rows(len(test), args.evaluate, seed=0)  # the same for each model
    bound = log_likelihoods(vae, test[rows], args.samples, SLICE)
    return {
        **{name: float(value) for name, value in numbers.items()},
        "log_likelihood": float(bound.mean()),
        "log_likelihoods": bound.tolist(),
        "importance_samples": args.samples,
        "evaluated": len(bound),
    }


def table(folder):
    """Markdown table with a row for each model, mean and std over seeds; gains are by seed."""
    runs = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    by_model = {name: [r for r in runs if r["model"] == name] for name in MODELS}
    normal = {run["seed"]: run["log_likelihood"] for run in by_model["normal"]}
    rows = [
        "| model | log p(x) | gain over Normal | ELBO | KL | weights | core-min | seeds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, group in by_model.items():
        if group:
            gains = [r["log_likelihood"] - normal[r["seed"]] for r in group if r["seed"] in normal]
            cells = [mean_and_std([r["log_likelihood"] for r in group]), mean_and_std(gains)]
            cells += [mean_and_std([r[key] for r in group]) for key in ("elbo", "kl")]
            cells += [f"{group[0]['parameters']:,}"]
            cells += [f"{np.mean([r['core_minutes'] for r in group]):.1f}", str(len(group))]
            rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def parser():
    """Command line."""
    p = command_line(__doc__)
    add_image_options(p)
    p.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), metavar="MODEL")
    p.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    add_training_options(p, epochs=40, batch_size=128, learning_rate=1e-3, warmup=5)
    p.add_argument("--samples", type=int, default=5000, help="importance samples")
    p.add_argument(
        "--evaluate", type=int, default=1000, help="number of test images, chosen at random"
    )
    p.add_argument("--out", type=pathlib.Path, required=True, help="folder of results")
    p.add_argument(
        "--table", action="store_true", help="only print the table of the folder's results"
    )
    return p


if __name__ == "__main__":
    main()
