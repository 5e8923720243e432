"""The journey in a notebook as ipywidgets."""
