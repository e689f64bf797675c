"""The scorecard: what of the three studies holds, decided by tables that the workflow computes."""
