#!/usr/bin/env python3
"""The figures of docs/MONITORING.md: how often the test for a rise of hits raises a false alarm, how soon a true one.

Written from the formulas, not from the Swift code. Nothing but the standard library; about a minute.
"""

import math
import random

RISES = (2, 4, 8, 16, 64, 256)
REQUESTS_PER_FALSE_ALARM = 1e7
DAY = 86_400


class Test:
    """A mixture of Shiryaev-Roberts statistics over several risen shares."""

    def __init__(self, usual, threshold=REQUESTS_PER_FALSE_ALARM):
        self.threshold = threshold
        risen = [rise * usual / (1 - usual + rise * usual) for rise in RISES]
        self.hit_ratios = [share / usual for share in risen]
        self.quiet_ratios = [(1 - share) / (1 - usual) for share in risen]
        self.parts = [0.0] * len(RISES)

    def quiet(self, count):
        for index, ratio in enumerate(self.quiet_ratios):
            power = ratio**count
            self.parts[index] = power * self.parts[index] + ratio * (1 - power) / (1 - ratio)

    def hit(self):
        self.parts = [(1 + part) * ratio for part, ratio in zip(self.parts, self.hit_ratios)]
        if sum(self.parts) / len(self.parts) < self.threshold:
            return False
        self.parts = [0.0] * len(RISES)
        return True


def first_alarm(test, share, requests, generator):
    """The number of the first request that raises the alarm; None if none of so many does."""
    seen = 0
    while True:
        gap = int(math.log(1 - generator.random()) / math.log(1 - share)) if share < 1 else 0
        if seen + gap >= requests:
            test.quiet(requests - seen)
            return None
        test.quiet(gap)
        seen += gap + 1
        if test.hit():
            return seen


def main():
    generator = random.Random(1)
    bound = DAY / REQUESTS_PER_FALSE_ALARM
    for usual, days in ((0.0002, 2000), (0.002, 2000), (0.02, 400)):
        loud = sum(first_alarm(Test(usual), usual, DAY, generator) is not None for _ in range(days))
        print(f"usual {usual:.2%}: alarms on {loud} of {days} quiet days, {loud / days:.2%}; bound {bound:.2%}")
    for usual in (0.01, 0.002):
        test = Test(usual, 1e5)
        mean = sum(first_alarm(test, usual, 1 << 60, generator) for _ in range(100)) / 100
        print(f"usual {usual:.2%}: {mean:,.0f} requests between false alarms; stated 100,000")
    for usual in (0.0002, 0.002, 0.02):
        for share in (2 * usual, 5 * usual, 0.1, 0.3, 1.0):
            delays = []
            for _ in range(100):
                test = Test(usual)
                first_alarm(test, usual, 5000, generator)
                delays.append(first_alarm(test, share, 10_000_000, generator))
            delays.sort()
            median, most = delays[49], delays[94]
            print(f"usual {usual:.2%}, now {share:.2%}: found after {median:,} requests, 95 % within {most:,}")


if __name__ == "__main__":
    main()
