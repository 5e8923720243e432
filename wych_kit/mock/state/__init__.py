"""Store what the mock must remember: clients, registrations, requests and its clock.

`store` reads and writes the tables of `database`; `clients` are the ready-made ones;
`registration_rules` checks forms; `request_log`, `clock` and `ids` are in memory only.
"""
