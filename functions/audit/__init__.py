"""The audit: every promise about money and jobs, checked over a full read of the tables. Reads only."""
