"""Containers without root: who runs, with what; what is found, mended and proved.

From text to proof: `undercurrent.hardening.dockerfile` reads a Dockerfile without losing a byte,
`undercurrent.hardening.model` says who runs in the image that it builds, rules find what is wrong with that,
fixes edit the file, and a proof runs the result.
"""
