"""Signatures of the Notary Project (notation): read and verified here, with its trust store and its trust policy.

Specifications: https://github.com/notaryproject/specifications/tree/main/specs. Nothing here asks a network.
"""
