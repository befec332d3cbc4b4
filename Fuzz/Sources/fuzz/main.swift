import FuzzRunner

fuzz(targets)
