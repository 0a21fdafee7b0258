-- Administrators see users in the order in which they were added.
CREATE INDEX users_in_order ON users (created_at, id);
