"""The support bundle: one zip file for a ticket, without secrets and without customers' data.

parts         the files in it, each with a name and a sentence
facts         versions, settings, request ids and the check, as plain data
anonymise     removes customers' data from exchanges
secret_check  the final search for secrets, before anything is written
archive       the zip file
create        all of it in order
"""

from __future__ import annotations

from wych_kit.support.bundle.create import Bundle, create_bundle

__all__ = ["Bundle", "create_bundle"]
