"""Dense networks: one state, advanced by compiled loops or by torch."""
