"""Benchmarks against what a user would pick instead. They measure and write down; they assert nothing."""
