"""How Baculum and Bacularis are asked. No other room knows HTTP."""
