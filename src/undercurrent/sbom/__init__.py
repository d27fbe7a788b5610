"""Software bills of materials: what is inside an image, listed by syft, kept as syft wrote it."""
