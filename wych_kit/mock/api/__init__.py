"""Answer the API's calls behind the gateway.

`routes` lists them and answers the ones for users; `connections` stores consents; `customer_data`
shows what `bank` and `payments` invent; `replies` is what all of them return.
"""
