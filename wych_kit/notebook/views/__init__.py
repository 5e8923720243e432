"""Draws what a notebook shows, as HTML and as text, without widgets.

html          draws outcomes, fields and tables as HTML, escaped by type
text          draws the same as text
renderable    the base of results that are shown in both forms
check         the connectivity check
catch_up      the outcomes of the steps before this one
bundle        the zip for a support ticket
exercise      an exercise and its commands
charts        a customer's data as charts
usage_errors  a mistake in a cell, in one line
"""
