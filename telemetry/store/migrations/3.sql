-- Which worker made a clip, so that budgets can be held against workers.

ALTER TABLE events ADD COLUMN worker VARCHAR;
