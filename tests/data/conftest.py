"""Scripts that made the data, in an environment of their own: they are no tests."""

collect_ignore_glob = ["make_*.py", "sweep_*.py", "compare_*.py"]
