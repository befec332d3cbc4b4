"""Runs a program and writes how it ended to a descriptor, as JSON: exit status, CPU seconds, largest resident set in MB.

    measure.py DESCRIPTOR PROGRAM ARGUMENTS...

On Linux a process starts with its parent's largest resident set as its own, so the parent has to be as small as this one.
"""

import json
import os
import sys

descriptor, program, *arguments = sys.argv[1:]
process = os.posix_spawn(program, [program, *arguments], os.environ)
_, status, usage = os.wait4(process, 0)
report = [os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]
os.write(int(descriptor), json.dumps(report).encode())
