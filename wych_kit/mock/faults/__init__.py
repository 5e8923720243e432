"""Ways the mock can be told to misbehave: what there is (`catalogue`), what is on (`switchboard`), and how each shows on the wire."""
