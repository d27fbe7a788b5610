"""Keys, signatures and attestations on images: cosign's formats, made and verified here."""
