"""report.html of a run folder."""

import zoo

# Fewer rows than metrics.json uses, so that the page takes seconds.
SAMPLES, EXAMPLES, ROWS = 16, 256, 2048


def write(run, vae, held_out, labels, columns):
    """Write the page about a run's model; return False if there are too few held-out examples."""
    rows = zoo.core.nested.row_count(held_out)
    if rows < 2:
        note = f"no report.html: it needs at least two held-out examples, got {rows}; use more data"
        run.note(note)
        print(note)
        return False
    # Only full batches: a smaller last batch would be compiled separately.
    first = slice(min(ROWS, rows - rows % EXAMPLES or rows))
    zoo.report(
        vae,
        zoo.core.nested.take_rows(held_out, first),
        run.file("report.html"),
        labels=None if labels is None else labels[first],
        columns=columns,
        history=run.history() or None,  # empty if training stopped in its first epoch
        title=f"{run.record['data']['name']}: {run.options.variant}",
        importance_samples=SAMPLES,
        max_examples=EXAMPLES,
        seed=run.options.seed,
    )
    return True
