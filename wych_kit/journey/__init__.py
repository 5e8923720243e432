"""The steps from registering to customer data, without a user interface."""
