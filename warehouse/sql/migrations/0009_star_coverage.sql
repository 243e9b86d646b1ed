-- A page of a star history keeps rows only of days that were told otherwise before; which days it tells is kept here.
-- NULL: all that the answer told are its rows.
ALTER TABLE raw.answers ADD COLUMN told_from DATE;
ALTER TABLE raw.answers ADD COLUMN told_to DATE;
