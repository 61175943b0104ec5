"""Help with misspelt names; imports nothing heavy."""

import difflib


def nearest(name, names):
    """'; did you mean ...?' for the one of `names` that is nearest to `name`; '.' if none is near.

    >>> nearest("convvae", ["conv_vae", "dense_vae"])
    "; did you mean 'conv_vae'?"
    """
    close = difflib.get_close_matches(str(name), list(names), n=1, cutoff=0.4)
    return f"; did you mean {close[0]!r}?" if close else "."
