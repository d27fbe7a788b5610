"""The page live: a small server that shows browsers, programs and Prometheus where you stand."""
