"""Training with `zoo.get(...).fit`, as a user writes it; started by `speed.py`.

Prints one JSON line.
"""

import keras
from workload import (
    LATENTS,
    LEARNING_RATE,
    NETWORKS,
    VOCABULARY,
    WORDS,
    Clock,
    data_of,
    examples_of,
    parser,
)

import zoo

NAMES = {
    "w1": "dense_vae",
    "w2": "conv_vae",
    "w3": "lstm_vae",
    "w4": "transformer_vae",
    "w4-ragged": "transformer_vae",
}
# The hand-written loops have no regularisation, and recurrent layers alone.
PLAIN = {"dropout": 0.0, "word_dropout": 0.0, "free_bits": None}
TEXT = {"likelihood": zoo.likelihoods.Text(VOCABULARY, WORDS), **PLAIN}
OPTIONS = {"w3": {"basis": 0, "likelihood": "series_normal"}, "w4": TEXT, "w4-ragged": TEXT}
OPTIONS |= NETWORKS


class Timing(keras.callbacks.Callback):
    """Callback that reports steps and epochs to the clock."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def on_epoch_begin(self, epoch, logs=None):
        self.end = self.clock.epoch()

    def on_train_batch_end(self, batch, logs=None):
        self.clock.step()

    def on_epoch_end(self, epoch, logs=None):
        self.end()


def main():
    """Train and print the times."""
    args = parser(__doc__).parse_args()
    keras.utils.set_random_seed(0)
    examples = examples_of(args)
    name = NAMES[args.workload]
    vae = zoo.get(name, **{"latent_dim": LATENTS[args.workload], **OPTIONS[args.workload]})
    vae.compile(zoo.FusedAdam(LEARNING_RATE))
    clock = Clock(examples)
    x = data_of(args)
    if args.workload in ("w1", "w2"):
        x = x.reshape(-1, 28, 28, 1)
    history = vae.fit(
        x, batch_size=args.batch, epochs=args.epochs, verbose=0, callbacks=[Timing(clock)]
    )
    clock.report(f"zoo {name}", args.workload, history.history["loss"][-1])


if __name__ == "__main__":
    main()
