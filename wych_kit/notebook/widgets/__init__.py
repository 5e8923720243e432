"""The forms of the journey as ipywidgets.

page             one or more steps under one banner
step_form        the form of one step
field_input      one field of it
factory          makes the widgets of a page, with shared looks
countdown        draws the token's remaining time once a second
front_end_probe  finds out if the front end shows widgets at all
"""
