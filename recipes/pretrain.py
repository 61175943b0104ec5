"""Make pretrained weights again: train, store as float16, and measure what is stored.

Data: those of the tag (`--list` names them); TFDS downloads its data sets.
Command: python recipes/pretrain.py dense_vae/wine
Time: under a minute of one CPU core for this tag; `print(zoo.card(variant, weights=tag))` has that
of each.
"""

import dataclasses
import difflib

from support.run import argument_types, cli, shared_options
from support.run.cli import InputError

DESCRIPTION = """\
Make pretrained weights again: train, store as float16, and measure what is stored.

Writes into the folder --out:
  preset/           config.json, model.weights.h5, card.json, README.md: zoo.get(variant,
                    weights=folder) loads it
  model.keras       the trained model, before its weights are rounded
  history.csv       metrics of each epoch
  checkpoints/      state from which the same command continues after an interruption
The numbers are those of the stored weights on held-out examples."""
EXAMPLES = """\
examples:
  python recipes/pretrain.py --list
  python recipes/pretrain.py dense_vae/wine
  python recipes/pretrain.py dense_vae/mnist --data-dir tensorflow_datasets
  python recipes/pretrain.py dense_vae/mnist --check
  python recipes/pretrain.py dense_vae/mnist --model trained.keras --install
"""


def parser():
    """Command line of the recipe."""
    p = cli.parser("pretrain.py", DESCRIPTION, EXAMPLES)
    p.add_argument("tag", nargs="?", metavar="VARIANT/TAG", help="weights to make; see --list")
    p.add_argument("--list", action="store_true", help="list the tags and stop")
    p.add_argument(
        "--check",
        action="store_true",
        help="measure the weights in the package again, without training",
    )
    p.add_argument(
        "--model",
        type=argument_types.path,
        metavar="FILE",
        help="store this trained .keras file instead of training",
    )
    p.add_argument("--install", action="store_true", help="copy the files into the package")
    shared_options.add_data_dir(p, "folder of the data: of TFDS, or of the sketches' bitmaps")
    shared_options.add_out(p, "runs/pretrain/VARIANT-TAG")
    p.add_argument(
        "--evaluate",
        type=argument_types.positive,
        metavar="N",
        help="held-out examples to measure (default: all)",
    )
    p.add_argument(
        "--epochs", type=argument_types.positive, metavar="N", help="train for N epochs, as a test"
    )
    return p


def main(options):
    """List, check or make weights; return the exit status."""
    from support.pretraining.specs import SPECS

    if options.list:
        for spec in SPECS.values():
            print(f"{spec.name:24}  {spec.summary}")
        return 0
    return _make(_spec(options, SPECS), options)


def _spec(options, specs):
    """The `Spec` of the command line."""
    if options.tag is None:
        raise InputError("VARIANT/TAG", "expected the name of weights, got none; --list lists them")
    if options.tag not in specs:
        close = difflib.get_close_matches(options.tag, specs, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise InputError(
            "VARIANT/TAG", f"expected one of {', '.join(specs)}, got {options.tag!r}{hint}"
        )
    spec = specs[options.tag]
    if options.epochs is None:
        return spec
    training = dataclasses.replace(spec.training, epochs=options.epochs)
    return dataclasses.replace(spec, training=training)


def _make(spec, options):
    """Make or check the weights of a `Spec`."""
    import keras
    from support.pretraining import evaluate, machine, store, train
    from support.pretraining.sources import SOURCES

    import zoo

    data = SOURCES[spec.source].read(options.data_dir)
    if options.check:
        stored = zoo.get(spec.variant, weights=spec.tag)
        _show(evaluate.evaluate(spec, stored, data, options.evaluate))
        return 0
    folder, minutes, made = options.out, None, None
    if folder.name == "VARIANT-TAG":
        folder = folder.with_name(spec.name.replace("/", "-"))
    if options.model is None:
        vae, minutes = train.train(spec, data.train, folder)
        vae.save(folder / "model.keras")
    else:
        vae, made = keras.models.load_model(options.model), spec.made
    preset = folder / "preset"
    card = store.store(spec, vae, data, preset, minutes, machine.name(), options.evaluate, made)
    print(card)
    if options.install:
        store.install(spec, preset)
    return 0


def _show(numbers):
    """Print the numbers of a card."""
    import zoo

    width = max(map(len, numbers))
    for name, number in numbers.items():
        print(f"{name:<{width}}  {zoo.pretrained.number_text(number)}")


if __name__ == "__main__":
    raise SystemExit(cli.main(parser(), main))
