"""report.html of a run folder."""

import zoo

# Few, so that it takes seconds; metrics.json has the numbers of all rows.
SAMPLES, EXAMPLES, ROWS = 16, 256, 2048


def write(run, vae, held_out, labels, columns):
    """Write the page about a run's model; whether there is one."""
    rows = zoo.core.nested.rows(held_out)
    if rows < 2:
        run.note("no report.html: it needs at least two held-out examples")
        return False
    # Whole batches: a last one of another size would be compiled anew.
    few = slice(min(ROWS, rows - rows % EXAMPLES or rows))
    zoo.report(
        vae,
        zoo.core.nested.cut(held_out, few),
        run.folder / "report.html",
        labels=None if labels is None else labels[few],
        columns=columns,
        history=run.history() or None,  # it may have been stopped in its first epoch
        title=f"{run.record['data']['name']}: {run.options.variant}",
        importance_samples=SAMPLES,
        max_examples=EXAMPLES,
        seed=run.options.seed,
    )
    return True
