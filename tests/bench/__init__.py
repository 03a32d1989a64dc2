"""The budgets of the design, measured on the machine at hand: ``make bench``."""
