"""The page that shows where you stand: one HTML file with everything in it, in two languages."""
