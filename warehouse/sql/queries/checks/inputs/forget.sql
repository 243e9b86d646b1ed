-- What was put side by side for the checks of one run.
DROP TABLE checked_answers;
DROP TABLE told_answers;
DROP TABLE fresh_figures;
DROP TABLE known_figures;
