"""A network held against a model that someone built: layer by layer, and in total."""
