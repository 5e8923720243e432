"""The support bundle: one zip to attach to a ticket, with what the other side needs and nothing that it must not see.

parts       what is in it, each a name, a sentence and a text
facts       versions, settings, request ids, the check: as plain data
personal    exchanges without customers' data
searching   the last look for secrets, before anything is written
archive     the zip: the same bytes for the same parts, whole or not there
making      all of it in order
command     `wych-kit bundle`: what it prints, and its exit status
"""

from __future__ import annotations

from wych_kit.support.bundle.create import Bundle, make

__all__ = ["Bundle", "make"]
