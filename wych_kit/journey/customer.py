"""The road after the first call: a customer connects a bank, and the customer's data come. No user interface in it."""

from __future__ import annotations

from wych_kit.journey.connect_customer import CONNECT
from wych_kit.journey.customer_data import CUSTOMER_DATA

# The names of all that the two steps may ask.
ASKED = ("connect_url", "app_name", "customer_email", "callback", "days")

__all__ = ["ASKED", "CONNECT", "CUSTOMER_DATA"]
