"""What all figures share: colours, axes, names."""

from matplotlib.figure import Figure

# Paul Tol's "muted" scheme and a grey: told apart under every common kind of colour blindness.
PALETTE = (
    *("#332288", "#CC6677", "#117733", "#88CCEE", "#DDCC77"),
    *("#AA4499", "#44AA99", "#882255", "#999933", "#777777"),
)
DATA, MODEL = PALETTE[0], PALETTE[1]
INK = "#333333"


def new_figure(width, height):
    """An empty figure of so many inches."""
    return Figure(figsize=(width, height), layout="constrained", dpi=120)


def caption(axes, title, x, y):
    """Title and axis labels, in the house style."""
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#999999")
    axes.tick_params(colors=INK, labelsize=9)


def legend(axes):
    """A legend where there is anything to tell apart."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=9)


def short(name, most=24):
    """`name`, cut to `most` letters."""
    name = str(name)
    return name if len(name) <= most else name[: most - 1] + "…"


def check_as_many(name, values, count):
    """Raise unless there is one of `values` for each of so many."""
    if len(values) != count:
        raise ValueError(f"{name} must have {count} entries, got {len(values)}")
