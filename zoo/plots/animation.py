"""Figures that move."""

import numpy as np
from matplotlib.animation import FuncAnimation

from zoo.plots.canvas import check_as_many
from zoo.plots.images import grid_figure, joined


class Loop(FuncAnimation):
    """A matplotlib animation that `save("moving.gif")` writes with Pillow; its figure is `figure`.

    Any other writer of matplotlib does too: `save("moving.mp4", writer="ffmpeg")`.
    """

    def __init__(self, figure, draw, frames, milliseconds):
        self.figure = figure
        # No blitting: who has no window has nothing to blit to.
        super().__init__(figure, draw, frames, interval=milliseconds, blit=False)

    def save(self, filename, writer="pillow", **options):
        """As `matplotlib.animation.Animation.save`; a GIF by default."""
        super().save(filename, writer=writer, **options)

    def __del__(self):
        """Nothing: one that was made and never shown is worth no warning."""


def traversal_animation(grid, names=None, values=None, milliseconds=100):
    """Latent dimensions that vary, an image each, there and back without a jump.

    Args:
        grid: images `[dimensions, steps, H, W, C]`, as `VAE.traverse` gives them; the more steps,
            the smoother.
        names: of the dimensions; z0, z1, ... by default.
        values: of the varied dimension, one for each step, in units of z.
        milliseconds: for each frame.

    Returns:
        A `Loop`: `.save("traversal.gif")` writes it.
    """
    grid = np.asarray(grid)
    names = [f"$z_{{{i}}}$" for i in range(len(grid))] if names is None else list(names)
    check_as_many("names", names, len(grid))
    if values is not None:
        check_as_many("values", values, grid.shape[1])
    figure = grid_figure(grid[None, :, 0], "Latent traversals", (), names)
    axes = figure.axes[0]

    def draw(step):
        axes.get_images()[0].set_data(joined(grid[None, :, step]))
        if values is not None:  # a minus as wide as a plus, or the line trembles
            number = f"{values[step]:+.2f}".replace("-", "\N{MINUS SIGN}")
            axes.set_xlabel(f"value of the latent dimension: {number}")

    draw(0)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, so that nothing moves but the images
    return Loop(figure, draw, there_and_back(grid.shape[1]), milliseconds)


def there_and_back(steps):
    """Numbers of the frames of a loop: 0 ... steps - 1 and back to 1, each end once."""
    return [*range(steps), *range(steps - 2, 0, -1)]
