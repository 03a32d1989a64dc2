"""The learners: one algorithm, one file."""
