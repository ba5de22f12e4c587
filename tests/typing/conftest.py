"""These files are for type checkers, which `tests/test_typing.py` runs; they are not run."""

collect_ignore_glob = ["accepted*.py", "refused*.py"]
