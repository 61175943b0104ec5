"""Animated figures."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from zoo.core.validation import check_numbers
from zoo.plots.grids import grid_figure, tile
from zoo.plots.images import check_traversals


class Loop(FuncAnimation):
    """A matplotlib animation whose `save("moving.gif")` writes a GIF with Pillow.

    Other writers of matplotlib work as well: `save("moving.mp4", writer="ffmpeg")`. The figure is
    the attribute `figure`.
    """

    def __init__(
        self,
        figure: Figure,
        draw: Callable[[int], Any],
        frames: Sequence[int],
        milliseconds: float,
    ):
        self.figure = figure
        # Blitting needs a window, which a saved animation does not have.
        super().__init__(figure, draw, frames, interval=milliseconds, blit=False)

    def save(self, filename: Any, writer: Any = "pillow", **options: Any) -> None:
        """Save as `matplotlib.animation.Animation.save` does; a GIF by default."""
        super().save(filename, writer=writer, **options)

    def __del__(self):
        """Suppress matplotlib's warning about an animation that was never rendered."""


def traversal_animation(
    grid: ArrayLike,
    names: Sequence[str] | None = None,
    values: ArrayLike | None = None,
    milliseconds: float = 100,
) -> Loop:
    """Animate latent traversals: one image for each dimension, played forwards and backwards.

    Args:
        grid: images `[dimensions, steps, H, W, C]`, as from `VAE.traverse`; more steps make the
            animation smoother.
        names: names of the dimensions; z0, z1, ... by default.
        values: value of the varied dimension at each step `[steps]`, in units of z.
        milliseconds: duration of a frame.

    Returns:
        A `Loop`: `.save("traversal.gif")` writes it.

    Raises:
        ValueError: names or values do not have the length of the grid.
    """
    grid, names = check_traversals(grid, names, values)
    check_numbers(milliseconds=milliseconds)
    if not milliseconds > 0:
        raise ValueError(f"milliseconds must be above 0, got {milliseconds!r}")
    values = None if values is None else np.asarray(values)
    figure = grid_figure(grid[None, :, 0], "Latent traversals", (), names)
    axes = figure.axes[0]

    def draw(step):
        axes.get_images()[0].set_data(tile(grid[None, :, step]))
        if values is not None:
            # The minus sign is as wide as the plus sign, which keeps the label from moving.
            number = f"{values[step]:+.2f}".replace("-", "\N{MINUS SIGN}")
            axes.set_xlabel(f"value of the latent dimension: {number}")

    draw(0)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # a new layout in each frame would move the axes
    return Loop(figure, draw, ping_pong(grid.shape[1]), milliseconds)


def ping_pong(steps):
    """Frame numbers of one period, 0 .. steps - 1 and back to 1; no frame follows itself."""
    return [*range(steps), *range(steps - 2, 0, -1)]
