"""Plans and where they stand: actions, windows, checklists and claims from catalogues, compared with evidence."""
