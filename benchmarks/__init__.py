"""Benchmarks: what is claimed as fast or accurate is measured here; run_all.py writes RESULTS.md."""
