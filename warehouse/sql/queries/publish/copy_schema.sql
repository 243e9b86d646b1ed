-- The statement that makes everything of the warehouse in an attached catalog, without rows.
SELECT format('COPY FROM DATABASE "{}" TO "{}" (SCHEMA)', replace($warehouse, '"', '""'), $catalog)
