-- The statement that makes an attached catalog the default one again.
SELECT format('USE "{}"', replace($catalog, '"', '""'))
