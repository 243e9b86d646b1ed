"""What is kept, and what it means."""

WAREHOUSE = "warehouse.duckdb"
"""Name of the warehouse in the data folder; one process at a time may have it open."""

PUBLISHED = "published.duckdb"
"""Name of the copy of it that lies beside it for readers."""
