"""The seeded text generator of primer: a small simulated world and talk about it."""
