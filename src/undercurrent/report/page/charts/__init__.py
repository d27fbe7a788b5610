"""Pictures of plain values, as SVG: they know nothing of evidence or plans, and need no script."""
