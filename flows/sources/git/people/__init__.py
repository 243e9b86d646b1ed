"""Which accounts of a history are one person, and in which ways people take part in it."""
