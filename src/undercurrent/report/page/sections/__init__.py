"""The parts of the page, a module each: each takes what it shows, and returns one section."""
