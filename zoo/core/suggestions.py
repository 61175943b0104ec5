"""Suggestions for misspelt names. Imports nothing heavy."""

import difflib


def nearest(name, names):
    """End of an error: '; did you mean ...?' with the closest of `names`, or '.' if none is close.

    >>> nearest("convvae", ["conv_vae", "dense_vae"])
    "; did you mean 'conv_vae'?"
    """
    close = difflib.get_close_matches(str(name), list(names), n=1, cutoff=0.4)
    return f"; did you mean {close[0]!r}?" if close else "."
