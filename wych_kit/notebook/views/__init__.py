"""The journey in a notebook as text and as HTML, without widgets."""
