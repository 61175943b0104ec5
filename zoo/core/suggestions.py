"""Suggestions for misspelt names. Imports nothing heavy."""

import difflib


def nearest(name, names):
    """End of an error: '; did you mean ...?' with the closest of `names`, or '.' if none is close.

    >>> nearest("convvae", ["conv_vae", "dense_vae"])
    "; did you mean 'conv_vae'?"
    """
    close = difflib.get_close_matches(str(name), list(names), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else "."


def refuse_unknown_options(owner, options, known):
    """Raise `TypeError` at the first of `options` that is not in `known`.

    >>> refuse_unknown_options("dense_vae", ["latent"], ["latent_dim"])
    Traceback (most recent call last):
    TypeError: dense_vae has no option 'latent'; did you mean 'latent_dim'? Options: latent_dim
    """
    for option in options:
        if option not in known:
            raise TypeError(
                f"{owner} has no option {option!r}{nearest(option, known)} "
                f"Options: {', '.join(known)}"
            )
