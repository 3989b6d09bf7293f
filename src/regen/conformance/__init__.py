"""The contract that every prediction system keeps, checked: `regen systems check`, and a test over those of regen."""
