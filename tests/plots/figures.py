"""Helpers for tests of figures."""


def saved(figure, tmp_path):
    """Save the figure, check that the picture is not empty, and return the figure."""
    path = tmp_path / "figure.png"
    figure.savefig(path)
    assert path.stat().st_size > 2000
    return figure


def texts(artists):
    """Texts of tick labels or legend entries."""
    return [artist.get_text() for artist in artists]
