"""Architecture files: networks as mappings, and as YAML, TOML and JSON.

`reader` goes from a mapping to a network and `describe` the other way; `files` reads and writes
text, one module a format; `schema` says what may be written.
"""
