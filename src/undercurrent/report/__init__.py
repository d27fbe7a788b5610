"""Shows results: a Report is what there is to show, a renderer shows it, a view makes one from a result."""
