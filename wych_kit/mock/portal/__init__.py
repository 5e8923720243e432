"""The simulated partner portal, as a JSON API for programs and as pages for people.

json_api    the API under /portal/api
registrar   what a partner can do, whichever way it is asked
passwords   password hashes
pages/      the pages for a browser: the portal and the hosted consent
"""
