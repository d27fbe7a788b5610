"""Signs with an identity instead of a key: a certificate for a few minutes, an entry in a log, a timestamp.

What happens: https://docs.sigstore.dev/about/overview/. The requests are our own, so that many images share a
certificate and wait for the log together; what comes back is verified before anything is stored.
"""
