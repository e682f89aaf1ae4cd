-- Run once by the image of PostgreSQL, on a new volume: the messages, which heplify-server keeps, and the users, mappings
-- and dashboards of homer-app. heplify-server would make its own if it were called root, with another user of a known
-- password beside it.
CREATE DATABASE homer_data;
CREATE DATABASE homer_config;
