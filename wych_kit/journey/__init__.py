"""The steps from registering to a customer's data, without a user interface.

step               the types: Step, Field, Fact, Table, Done, Failed, and `run`
session            the state of one journey
onboarding         the steps to the first call, and ALL_STEPS
registration       the fields of the first step
connect_customer   the step in which a customer connects a bank
customer_data      the step that gets accounts, balances and transactions
statements         sums over a customer's data; customer_tables shows them as tables
simulated_customer plays a customer on the mock
answers_file       reads answers from a TOML file
mock_on_demand     starts a mock where the settings expect one
"""
